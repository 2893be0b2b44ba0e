package dev.ringside.vhostuser;

import java.util.function.Consumer;

/**
 * Watches over the acknowledgements of the host: each runs once, and after the session was closed
 * it runs nothing. Also keeps what the host may use until it has acknowledged: such a resource is
 * released by the acknowledgement, or by closing the session if that comes first.
 */
final class HostCalls implements AutoCloseable {
    private Runnable retired = HostCalls::nothing;
    private boolean closed;

    /** An acknowledgement after which {@code next} happens. */
    Runnable then(Runnable next) {
        return then(HostCalls::nothing, next);
    }

    /** An acknowledgement that releases what the host used before, after which {@code next}. */
    Runnable then(Runnable release, Runnable next) {
        retired = release;
        Consumer<Boolean> done = taking(ignored -> next.run());
        return () -> done.accept(true);
    }

    /** An acknowledgement that brings something along. */
    <T> Consumer<T> taking(Consumer<T> next) {
        return new Consumer<>() {
            private boolean ran;

            @Override
            public void accept(T result) {
                if (ran) {
                    throw new IllegalStateException("the host acknowledged one call twice");
                }
                ran = true;
                if (!closed) {
                    releaseRetired();
                    next.accept(result);
                }
            }
        };
    }

    private static void nothing() {}

    private void releaseRetired() {
        Runnable release = retired;
        retired = HostCalls::nothing;
        release.run();
    }

    /** From now on acknowledgements change nothing. */
    @Override
    public void close() {
        closed = true;
        releaseRetired();
    }
}
