package dev.ringside.server.engine;

import dev.ringside.vhostuser.VhostUserSession;
import org.jspecify.annotations.Nullable;

/**
 * Brings a connection's session to a place where another process could go on, and back: waits for
 * the message in progress, parks the session, and unparks it. Confined to the conductor.
 */
final class Freeze {
    private enum State {
        RUNNING,
        /** A message is in progress. */
        WAITING,
        /** The queues are being stopped. */
        PARKING,
        PARKED
    }

    private final VhostUserSession session;
    private State state;
    private @Nullable Runnable thawWanted;
    private @Nullable Runnable whenFrozen;

    /**
     * @param parked whether the session was restored as parked
     */
    Freeze(VhostUserSession session, boolean parked) {
        this.session = session;
        state = parked ? State.PARKED : State.RUNNING;
    }

    /** Whether bytes may be read. */
    boolean running() {
        return state == State.RUNNING;
    }

    /**
     * Freezes a running session.
     *
     * @param done runs when it is frozen, or when {@link #ended}; not after {@link #thaw}
     */
    void begin(Runnable done) {
        whenFrozen = done;
        state = State.WAITING;
        advance();
    }

    /** To be called whenever a message may have ended. */
    void advance() {
        if (state == State.WAITING && session.idle()) {
            state = State.PARKING;
            session.park(this::parked);
        }
    }

    private void parked() {
        state = State.PARKED;
        final Runnable thawed = thawWanted;
        if (thawed != null) {
            thaw(thawed);
        } else {
            finish();
        }
    }

    /** Goes on where it was, as soon as that can be; {@code done} runs when the queues do. */
    void thaw(Runnable done) {
        whenFrozen = null;
        if (state == State.PARKING) {
            thawWanted = done;
            return;
        }
        thawWanted = null;
        final boolean parked = state == State.PARKED;
        state = State.RUNNING;
        if (parked) {
            session.unpark(done);
        } else {
            done.run();
        }
    }

    /** The connection has ended: nothing is left to be frozen. */
    void ended() {
        state = State.PARKED;
        finish();
    }

    private void finish() {
        final Runnable then = whenFrozen;
        whenFrozen = null;
        if (then != null) {
            then.run();
        }
    }
}
