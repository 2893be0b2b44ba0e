package dev.ringside.server.config;

/**
 * The operator asked for what cannot be. The message is written for him: the thing, its value, the
 * way out. Ends the process with status 78.
 */
public final class OperatorException extends Exception {
    private static final long serialVersionUID = 1;

    /** With a message for the operator. */
    public OperatorException(String message) {
        super(message);
    }

    /** With a message for the operator and what led to it. */
    public OperatorException(String message, Throwable cause) {
        super(message, cause);
    }
}
