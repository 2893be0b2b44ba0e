package dev.ringside.bench.ring;

import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.SplitVirtqueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZJ_Result;

/** A device that takes a chain sees the descriptor that the driver wrote for it. */
@JCStressTest
@State
@Outcome(id = "false, 0", expect = Expect.ACCEPTABLE, desc = "not available yet")
@Outcome(id = "true, 99", expect = Expect.ACCEPTABLE, desc = "taken")
@Outcome(id = "true, 1", expect = Expect.FORBIDDEN, desc = "index before descriptor")
public class AvailableChainStress {
    private final RingMemory ring = StressRings.ring();
    private final SplitVirtqueue queue = StressRings.queue(ring, 0);
    private final DescriptorChain chain = new DescriptorChain(1);

    /** The descriptor holds another length still. */
    public AvailableChainStress() {}

    /** The device. */
    @Actor
    public void device(ZJ_Result result) {
        result.r1 = queue.next(chain);
        result.r2 = chain.writableBytes();
    }

    /** The driver. */
    @Actor
    public void driver() {
        ring.descriptorLength(0, 99);
        ring.releaseAvailableIndex(1);
    }
}
