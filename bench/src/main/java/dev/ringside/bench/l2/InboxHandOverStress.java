package dev.ringside.bench.l2;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.l2.FrameInbox;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZJ_Result;

/**
 * One shard hands a frame over and rings while the other is about to sleep: either it is woken or
 * it sees the frame, and then all of it.
 */
@JCStressTest
@State
@Outcome(id = "true, 0", expect = Expect.ACCEPTABLE, desc = "woken")
@Outcome(id = "false, 79", expect = Expect.ACCEPTABLE, desc = "seen")
@Outcome(id = "true, 79", expect = Expect.ACCEPTABLE, desc = "woken and seen")
@Outcome(id = "false, 0", expect = Expect.FORBIDDEN, desc = "the frame lies there for ever")
@Outcome(expect = Expect.FORBIDDEN, desc = "seen in part")
public class InboxHandOverStress {
    private static final Frame FRAME = new Frame(FrameKeeper.NONE, 1);

    private final FrameInbox inbox = new FrameInbox(2);
    private volatile boolean sleeps;

    /** Nothing is there yet. */
    public InboxHandOverStress() {}

    /** Hands over, then rings as the engine's doorbell does. */
    @Actor
    public void source(ZJ_Result result) {
        inbox.offer(FRAME, 7, 9);
        VarHandle.fullFence();
        result.r1 = sleeps;
    }

    /** Announces sleep, then looks. */
    @Actor
    public void destination(ZJ_Result result) {
        sleeps = true;
        result.r2 = inbox.hasNext() ? 10 * inbox.note() + inbox.timeNs() : 0;
    }
}
