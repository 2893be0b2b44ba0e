package dev.ringside.server.cli;

/**
 * The operator asked for what cannot be. The message is written for him: the thing, its value, the
 * way out. Ends the process with {@link ExitCode#CONFIG}.
 */
final class OperatorException extends Exception {
    private static final long serialVersionUID = 1;

    OperatorException(String message) {
        super(message);
    }

    OperatorException(String message, Throwable cause) {
        super(message, cause);
    }
}
