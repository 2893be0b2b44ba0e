package dev.ringside.server.check;

/** A statement is about something that this back-end does not offer; the message names it. */
final class InapplicableException extends Exception {
    private static final long serialVersionUID = 1L;

    InapplicableException(String reason) {
        super(reason);
    }
}
