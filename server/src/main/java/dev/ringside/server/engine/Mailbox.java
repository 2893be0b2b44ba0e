package dev.ringside.server.engine;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.device.Doorbell;
import java.lang.invoke.VarHandle;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Commands for one thread, from any thread. The owner may sleep on {@link #wakeFd}; a poster pays
 * for a wake-up only while the owner sleeps or is about to.
 */
final class Mailbox implements Doorbell, AutoCloseable {
    private static final int CHUNK = 64;

    private final MpscUnboundedVarHandleArrayQueue<Runnable> commands =
            new MpscUnboundedVarHandleArrayQueue<>(CHUNK);
    private final EventFd wake;
    private volatile boolean ownerSleeps;

    Mailbox() throws LinuxException {
        wake = EventFd.create();
    }

    /** Becomes readable, or is signalled again, when a command comes while the owner sleeps. */
    int wakeFd() {
        return wake.number();
    }

    /** Any thread. */
    void post(Runnable command) {
        commands.offer(command);
        if (ownerSleeps) {
            wake.signal();
        }
    }

    /** For what is handed over by other ways than {@link #post}. Any thread. */
    @Override
    public void ring() {
        // What was handed over, before the flag is read: the owner does the two the other way
        // round.
        VarHandle.fullFence();
        if (ownerSleeps) {
            wake.signal();
        }
    }

    /** Owner only: the next command, or null. */
    @Nullable Runnable poll() {
        return commands.poll();
    }

    /**
     * Owner only: announces sleep, then looks again. False: a command is there, do not sleep. A
     * poster offers before it reads the flag and the owner sets the flag before it looks, so one of
     * the two sees the other.
     */
    boolean prepareToSleep() {
        ownerSleeps = true;
        return commands.isEmpty();
    }

    /** Owner only: after sleeping, or when it decided not to. */
    void awake() {
        ownerSleeps = false;
    }

    /** Owner only: forgets the wake-ups received so far. */
    void drainWake() {
        wake.drain();
    }

    @Override
    public void close() {
        wake.close();
    }
}
