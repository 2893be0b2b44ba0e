package dev.ringside.server.check;

/** A statement does not hold; the message says what was seen instead. */
final class UnmetException extends Exception {
    private static final long serialVersionUID = 1L;

    UnmetException(String seen) {
        super(seen);
    }

    /** Throws unless the statement holds. */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    static void unless(boolean holds, String seen, Object... arguments) throws UnmetException {
        if (!holds) {
            throw new UnmetException(arguments.length == 0 ? seen : seen.formatted(arguments));
        }
    }
}
