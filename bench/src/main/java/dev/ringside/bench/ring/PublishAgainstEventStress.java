package dev.ringside.bench.ring;

import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.SplitVirtqueue;
import dev.ringside.virtqueue.VirtioSpec;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * The device publishes while the driver, about to sleep, asks for a call by index: either the
 * device calls or the driver sees the used buffer.
 */
@JCStressTest
@State
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "called")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "seen")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "called and seen")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "the driver sleeps for ever")
public class PublishAgainstEventStress {
    private final RingMemory ring = StressRings.ring();
    private final SplitVirtqueue queue =
            StressRings.queue(ring, VirtioSpec.VIRTIO_RING_F_EVENT_IDX);
    private final DescriptorChain chain = new DescriptorChain(1);

    /** One chain is done, its first call given; the next is about to be completed. */
    public PublishAgainstEventStress() {
        ring.releaseAvailableIndex(1);
        queue.next(chain);
        queue.complete(0, 0);
        queue.publish();
        ring.releaseAvailableIndex(2);
        queue.next(chain);
        ring.usedEvent(0);
    }

    /** The device. */
    @Actor
    public void device(ZZ_Result result) {
        queue.complete(0, 0);
        result.r1 = queue.publish();
    }

    /** The driver. */
    @Actor
    public void driver(ZZ_Result result) {
        ring.usedEvent(1);
        StressRings.driverFence();
        result.r2 = ring.acquireUsedIndex() == 2;
    }
}
