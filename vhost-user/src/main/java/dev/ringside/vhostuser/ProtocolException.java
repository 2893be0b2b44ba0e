package dev.ringside.vhostuser;

/**
 * The front-end broke the protocol, or asked for something that cannot be had and would not learn
 * it otherwise. The message names the request, the field, its value and what would be right. The
 * session is over: its host stops the queues and closes it.
 */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Says what was wrong. */
    public ProtocolException(String message) {
        super(message);
    }

    /** Says what was wrong, because of a system call or a ring that failed. */
    public ProtocolException(String message, Throwable cause) {
        super(message, cause);
    }
}
