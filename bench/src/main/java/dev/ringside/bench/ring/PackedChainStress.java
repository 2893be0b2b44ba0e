package dev.ringside.bench.ring;

import static dev.ringside.bench.ring.PackedRingMemory.AVAIL;
import static dev.ringside.bench.ring.PackedRingMemory.NEXT;
import static dev.ringside.bench.ring.PackedRingMemory.WRITE;

import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.PackedVirtqueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZJ_Result;

/** A device that sees the first descriptor of a packed chain sees all of it. */
@JCStressTest
@State
@Outcome(id = "false, 0", expect = Expect.ACCEPTABLE, desc = "not available yet")
@Outcome(id = "true, 100", expect = Expect.ACCEPTABLE, desc = "taken")
@Outcome(expect = Expect.FORBIDDEN, desc = "flags before what they stand for")
public class PackedChainStress {
    private final PackedRingMemory ring = StressRings.packedRing();
    private final PackedVirtqueue queue = StressRings.queue(ring, 0);
    private final DescriptorChain chain = new DescriptorChain(2);

    /** The descriptors hold other lengths still. */
    public PackedChainStress() {}

    /** The device. */
    @Actor
    public void device(ZJ_Result result) {
        result.r1 = queue.next(chain);
        result.r2 = chain.writableBytes();
    }

    /** The driver. */
    @Actor
    public void driver() {
        long buffer = StressRings.buffer();
        ring.descriptor(0, buffer, 99, 0);
        ring.descriptor(1, buffer, 1, 1);
        ring.releaseFlags(1, WRITE | AVAIL);
        ring.releaseFlags(0, NEXT | WRITE | AVAIL);
    }
}
