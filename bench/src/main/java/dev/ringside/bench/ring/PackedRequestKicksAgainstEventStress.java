package dev.ringside.bench.ring;

import static dev.ringside.bench.ring.PackedRingMemory.AVAIL;
import static dev.ringside.bench.ring.PackedRingMemory.WRITE;

import dev.ringside.virtqueue.PackedVirtqueue;
import dev.ringside.virtqueue.VirtioSpec;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The device of a packed ring, about to sleep, asks for kicks for a descriptor while the driver
 * makes a chain available: either the device sees the chain or the driver kicks.
 */
@JCStressTest
@State
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "seen")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "kicked")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "seen and kicked")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "the device sleeps for ever")
public class PackedRequestKicksAgainstEventStress {
    private final PackedRingMemory ring = StressRings.packedRing();
    private final PackedVirtqueue queue =
            StressRings.queue(ring, VirtioSpec.VIRTIO_RING_F_EVENT_IDX);

    /** The device polls. */
    public PackedRequestKicksAgainstEventStress() {
        queue.suppressKicks();
    }

    /** The device. */
    @Actor
    public void device(ZZ_Result result) {
        result.r1 = queue.requestKicks();
    }

    /** The driver. */
    @Actor
    public void driver(ZZ_Result result) {
        ring.releaseFlags(0, WRITE | AVAIL);
        StressRings.driverFence();
        result.r2 = ring.deviceEventBits() == (PackedRingMemory.DESC << 16 | 0x8000);
    }
}
