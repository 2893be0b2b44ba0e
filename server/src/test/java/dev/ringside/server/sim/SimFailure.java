package dev.ringside.server.sim;

import org.jspecify.annotations.Nullable;

/** A promise that was broken in a simulated world. */
final class SimFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    SimFailure(final String message) {
        super(message);
    }

    SimFailure(final String message, final @Nullable Throwable cause) {
        super(message, cause);
    }
}
