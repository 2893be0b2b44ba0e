package dev.ringside.bench.ring;

import static dev.ringside.bench.ring.PackedRingMemory.AVAIL;
import static dev.ringside.bench.ring.PackedRingMemory.USED;
import static dev.ringside.bench.ring.PackedRingMemory.WRITE;

import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.PackedVirtqueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The device publishes in a packed ring while the driver, about to sleep, asks for a call by flag:
 * either the device calls or the driver sees the used buffer.
 */
@JCStressTest
@State
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "called")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "seen")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "called and seen")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "the driver sleeps for ever")
public class PackedPublishAgainstFlagStress {
    private final PackedRingMemory ring = StressRings.packedRing();
    private final PackedVirtqueue queue = StressRings.queue(ring, 0);
    private final DescriptorChain chain = new DescriptorChain(1);

    /** One chain is done, its first call given; the next is about to be completed. */
    public PackedPublishAgainstFlagStress() {
        ring.releaseFlags(0, WRITE | AVAIL);
        queue.next(chain);
        queue.complete(0, 0);
        queue.publish();
        ring.releaseFlags(1, WRITE | AVAIL);
        queue.next(chain);
        ring.driverEvent(0, PackedRingMemory.DISABLE);
    }

    /** The device. */
    @Actor
    public void device(ZZ_Result result) {
        queue.complete(1, 0);
        result.r1 = queue.publish();
    }

    /** The driver. */
    @Actor
    public void driver(ZZ_Result result) {
        ring.driverEvent(0, PackedRingMemory.ENABLE);
        StressRings.driverFence();
        result.r2 = (ring.acquireFlags(1) & USED) != 0;
    }
}
