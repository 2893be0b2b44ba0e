package dev.ringside.server.demo;

import java.io.IOException;

/**
 * Something that the demo or a guest needs is not on this machine; the message says how to get it.
 */
public final class PrerequisiteException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The exit status that tells an operator to put something right first (EX_CONFIG). */
    public static final int EXIT_STATUS = 78;

    /** Makes one; {@code message} names what is missing and the way out. */
    public PrerequisiteException(final String message) {
        super(message);
    }
}
