package dev.ringside.server.sim;

import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.server.sim.SimProcess.Reply;
import dev.ringside.shm.Fd;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a front-end has yet to say, one message after the other, and the reply that it waits for.
 */
final class SimScript {
    private static final int NO_MESSAGE = -1;

    /** One message and what its success means, or something that is done without a message. */
    private record Step(
            int request,
            Supplier<byte[]> payload,
            Supplier<List<Fd>> fds,
            @Nullable Consumer<Reply> onReply,
            @Nullable Runnable action) {
        void act() {
            if (action != null) {
                action.run();
            }
        }
    }

    private final Deque<Step> steps = new ArrayDeque<>();
    private @Nullable Step awaited;
    private boolean needReplies;

    /** Whether everything is said and answered. */
    boolean ended() {
        return steps.isEmpty() && awaited == null;
    }

    /** Forgets the rest. */
    void clear() {
        steps.clear();
        awaited = null;
    }

    /** Whether a reply is asked for where a message has none of its own. */
    void needReplies(final boolean wanted) {
        needReplies = wanted;
    }

    /** Something to do between two messages. */
    void then(final Runnable action) {
        steps.add(new Step(NO_MESSAGE, () -> new byte[0], List::of, null, action));
    }

    /** A message with descriptors that must be carried out. */
    void add(final int request, final Supplier<byte[]> payload, final Supplier<List<Fd>> fds) {
        steps.add(new Step(request, payload, fds, null, null));
    }

    /**
     * A message that must be carried out; whoever takes the reply knows it: nothing dies between.
     */
    void tell(final int request, final Supplier<byte[]> payload, final Runnable done) {
        steps.add(new Step(request, payload, List::of, null, done));
    }

    /** A message that has a reply of its own. */
    void ask(
            final int request,
            final Supplier<byte[]> payload,
            final Supplier<List<Fd>> fds,
            final Consumer<Reply> onReply) {
        steps.add(new Step(request, payload, fds, onReply, null));
    }

    /** Takes a reply or says the next thing; false when it has to wait or has nothing to say. */
    boolean step(final SimProcess process) {
        final Step waiting = awaited;
        if (waiting != null) {
            final Reply reply = process.takeReply();
            if (reply == null) {
                return false;
            }
            awaited = null;
            accept(waiting, reply);
            return true;
        }
        if (steps.isEmpty() || !process.reads()) {
            return false;
        }
        say(steps.remove(), process);
        return true;
    }

    private void say(final Step next, final SimProcess process) {
        if (next.request == NO_MESSAGE) {
            next.act();
            return;
        }
        final byte[] payload = next.payload.get();
        final boolean needReply = next.onReply == null && needReplies;
        if (needReply || next.onReply != null) {
            awaited = next;
        }
        final int flags = VhostUserSpec.VERSION | (needReply ? VhostUserSpec.NEED_REPLY : 0);
        process.receive(Wire.message(next.request, flags, payload), next.fds.get());
        if (awaited == null) {
            next.act();
        }
    }

    private static void accept(final Step step, final Reply reply) {
        final ByteBuffer header = Wire.payload(reply, 0);
        if (header.getInt() != step.request || (header.getInt() & VhostUserSpec.REPLY) == 0) {
            throw new SimFailure("request " + step.request + " got another reply");
        }
        final Consumer<Reply> onReply = step.onReply;
        if (onReply != null) {
            onReply.accept(reply);
        } else if (Wire.u64(reply) != 0) {
            throw new SimFailure("request " + step.request + " was refused");
        }
        step.act();
    }

    /**
     * The process is about to die. What it has sent is in the front-end's socket; of that only the
     * word that the configuration was written matters when everything begins anew.
     */
    void hear(final SimProcess process) {
        final Step waiting = awaited;
        if (waiting == null || waiting.request != VhostUserSpec.SET_CONFIG) {
            return;
        }
        final Reply reply = process.takeReply();
        if (reply != null) {
            awaited = null;
            accept(waiting, reply);
        }
    }
}
