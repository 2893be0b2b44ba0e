package dev.ringside.bench.l2;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.l2.FrameInbox;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/** A frame is handed over while the inbox closes: it is refused, or comes out. */
@JCStressTest
@State
@Outcome(id = "false, 0, 0", expect = Expect.ACCEPTABLE, desc = "refused")
@Outcome(id = "true, 1, 0", expect = Expect.ACCEPTABLE, desc = "taken out at once")
@Outcome(id = "true, 0, 1", expect = Expect.ACCEPTABLE, desc = "waited for, taken out later")
@Outcome(expect = Expect.FORBIDDEN, desc = "lost")
public class InboxCloseStress {
    private static final Frame FRAME = new Frame(FrameKeeper.NONE, 1);

    private final FrameInbox inbox = new FrameInbox(2);
    private boolean overEarly;

    /** Open and empty. */
    public InboxCloseStress() {}

    /** Hands over. */
    @Actor
    public void source(ZII_Result result) {
        result.r1 = inbox.offer(FRAME, 0, 0);
    }

    /** Closes and takes out; is done when the inbox says so. */
    @Actor
    public void destination(ZII_Result result) {
        inbox.close();
        result.r2 = drain();
        overEarly = inbox.idle();
    }

    /** What was still to come. */
    @Arbiter
    public void later(ZII_Result result) {
        int late = drain();
        // What is over stays over: who has seen that comes no more.
        result.r3 = overEarly ? 100 * late : late;
    }

    private int drain() {
        int count = 0;
        while (inbox.hasNext()) {
            inbox.remove();
            count++;
        }
        return count;
    }
}
