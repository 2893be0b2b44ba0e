package dev.ringside.bench.ring;

import dev.ringside.virtqueue.SplitVirtqueue;
import dev.ringside.virtqueue.VirtioSpec;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The device, about to sleep, asks for kicks by index while the driver makes a chain available:
 * either the device sees the chain or the driver kicks.
 */
@JCStressTest
@State
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "seen")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "kicked")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "seen and kicked")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "the device sleeps for ever")
public class RequestKicksAgainstEventStress {
    private final RingMemory ring = StressRings.ring();
    private final SplitVirtqueue queue =
            StressRings.queue(ring, VirtioSpec.VIRTIO_RING_F_EVENT_IDX);

    /** The device polls. */
    public RequestKicksAgainstEventStress() {
        queue.suppressKicks();
        ring.availEvent(0x8000);
    }

    /** The device. */
    @Actor
    public void device(ZZ_Result result) {
        result.r1 = queue.requestKicks();
    }

    /** The driver: section 2.7.13.4. */
    @Actor
    public void driver(ZZ_Result result) {
        ring.releaseAvailableIndex(1);
        StressRings.driverFence();
        result.r2 = ring.availEvent() == 0;
    }
}
