package dev.ringside.bench.l2;

import dev.ringside.virtio.net.l2.MacTable;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IZZ_Result;

/** Two shards learn one address on two ports at the same time: it is on one of them, once. */
@JCStressTest
@State
@Outcome(id = "1, true, false", expect = Expect.ACCEPTABLE, desc = "on the first port")
@Outcome(id = "2, true, false", expect = Expect.ACCEPTABLE, desc = "on the second port")
@Outcome(
        id = "-1, false, false",
        expect = Expect.ACCEPTABLE,
        desc = "other addresses of this test took its place")
@Outcome(expect = Expect.FORBIDDEN, desc = "it is there twice")
public class MacLearnStress {
    private static final MacTable TABLE =
            new MacTable(Long.MAX_VALUE / 2, 0, port -> 1 << 20, new SplittableRandom(1));

    private final long mac = ThreadLocalRandom.current().nextLong(1, 1L << 40);

    /** An address that nobody knows. */
    public MacLearnStress() {}

    /** A shard. */
    @Actor
    public void first() {
        TABLE.learn(mac, 1, 1);
    }

    /** Another. */
    @Actor
    public void second() {
        TABLE.learn(mac, 1, 2);
    }

    /** Looks, and leaves the table as it was. */
    @Arbiter
    public void look(IZZ_Result result) {
        result.r1 = TABLE.lookup(mac, 1);
        result.r2 = TABLE.forget(mac, 1);
        result.r3 = TABLE.forget(mac, 1);
    }
}
