package dev.ringside.server.demo;

import java.io.IOException;

/**
 * A guest, or the VMM around it, did not do what was awaited; the message holds the console's tail.
 */
public final class GuestException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Makes one with the whole story in {@code message}. */
    public GuestException(final String message) {
        super(message);
    }
}
