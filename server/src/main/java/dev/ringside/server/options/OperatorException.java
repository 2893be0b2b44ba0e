package dev.ringside.server.options;

/**
 * The operator asked for what cannot be. The message is written for him: the thing, its value, the
 * way out. Ends the process with {@link ExitCode#CONFIG}.
 */
public final class OperatorException extends Exception {
    private static final long serialVersionUID = 1;

    public OperatorException(String message) {
        super(message);
    }

    public OperatorException(String message, Throwable cause) {
        super(message, cause);
    }
}
