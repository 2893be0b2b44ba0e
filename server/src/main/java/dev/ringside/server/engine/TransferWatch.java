package dev.ringside.server.engine;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.LinuxException;

/** Waits for the descriptor that a device's state goes through. Conductor only. */
final class TransferWatch {
    private static final int UNWATCHED = -1;

    private final Conductor conductor;
    private int watched;
    private long token = UNWATCHED;

    TransferWatch(Conductor conductor) {
        this.conductor = conductor;
    }

    /** Runs something whenever the descriptor is ready, until {@link #end}. */
    void begin(int fd, boolean toWrite, Runnable ready) {
        try {
            watched = fd;
            token = conductor.watch(fd, toWrite ? Epoll.OUT : Epoll.IN, events -> ready.run());
        } catch (LinuxException e) {
            // What cannot be waited for is looked at when the front-end asks how it went.
            token = UNWATCHED;
        }
    }

    /** Does nothing when nothing is watched. */
    void end() {
        if (token != UNWATCHED) {
            conductor.unwatch(watched, token);
            token = UNWATCHED;
        }
    }
}
