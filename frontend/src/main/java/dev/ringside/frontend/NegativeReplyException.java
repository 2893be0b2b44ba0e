package dev.ringside.frontend;

import java.io.IOException;

/** The back-end acknowledged a message with a value other than 0: it refused it. */
public final class NegativeReplyException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int request;
    private final long value;

    NegativeReplyException(final int request, final long value) {
        super("the back-end refused message " + request + " with " + value);
        this.request = request;
        this.value = value;
    }

    /** The number of the message that was refused. */
    public int request() {
        return request;
    }

    /** The acknowledgement's value. */
    public long value() {
        return value;
    }
}
