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
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A burst of two used descriptors: a driver that sees the first one sees its length, and the second
 * one too, whose flags it may read in any order then.
 */
@JCStressTest
@State
@Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "not published yet")
@Outcome(id = "1, 77, 88", expect = Expect.ACCEPTABLE, desc = "published")
@Outcome(expect = Expect.FORBIDDEN, desc = "flags before what they stand for")
public class PackedUsedStress {
    private final PackedRingMemory ring = StressRings.packedRing();
    private final PackedVirtqueue queue = StressRings.queue(ring, 0);

    /** Two chains are in flight. */
    public PackedUsedStress() {
        DescriptorChain chain = new DescriptorChain(1);
        ring.releaseFlags(0, WRITE | AVAIL);
        ring.releaseFlags(1, WRITE | AVAIL);
        queue.next(chain);
        queue.next(chain);
    }

    /** The device. */
    @Actor
    public void device() {
        queue.complete(0, 77);
        queue.complete(1, 88);
        queue.publish();
    }

    /** The driver. */
    @Actor
    public void driver(III_Result result) {
        if ((ring.acquireFlags(0) & USED) != 0) {
            result.r1 = 1;
            result.r2 = ring.length(0);
            result.r3 = (ring.flags(1) & USED) != 0 ? ring.length(1) : 0;
        }
    }
}
