package dev.ringside.bench.ring;

import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.SplitVirtqueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A driver that sees the used index sees the used entry behind it. */
@JCStressTest
@State
@Outcome(id = "0, (0|77)", expect = Expect.ACCEPTABLE, desc = "not published yet")
@Outcome(id = "1, 77", expect = Expect.ACCEPTABLE, desc = "published")
@Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "index before entry")
public class UsedEntryStress {
    private final RingMemory ring = StressRings.ring();
    private final SplitVirtqueue queue = StressRings.queue(ring, 0);

    /** One chain is in flight. */
    public UsedEntryStress() {
        ring.releaseAvailableIndex(1);
        queue.next(new DescriptorChain(1));
    }

    /** The device. */
    @Actor
    public void device() {
        queue.complete(0, 77);
        queue.publish();
    }

    /** The driver. */
    @Actor
    public void driver(II_Result result) {
        result.r1 = ring.acquireUsedIndex();
        result.r2 = ring.usedLength(0);
    }
}
