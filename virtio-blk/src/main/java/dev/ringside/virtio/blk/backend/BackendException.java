package dev.ringside.virtio.blk.backend;

import java.io.IOException;
import java.io.Serial;

/**
 * A backend could not be opened, or its medium could not be read again. The message names the
 * thing, the value and the way out; it is meant for the operator, as it is.
 */
public final class BackendException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    /** With a message for the operator. */
    public BackendException(String message) {
        super(message);
    }

    /** With a message for the operator and what led to it. */
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
