package dev.ringside.server.check;

/**
 * What came of one check.
 *
 * @param check that was run, or could not be
 * @param outcome in a word
 * @param seen what was seen, or why it was not run; empty when the statement holds
 * @param milliseconds that it took
 */
record Finding(Check check, Outcome outcome, String seen, long milliseconds) {

    /** In a word. */
    enum Outcome {
        /** The statement holds. */
        PASSED,

        /** It does not, and it MUST. */
        FAILED,

        /** It does not, and it SHOULD. */
        WARNED,

        /** It is about something that the back-end does not offer. */
        SKIPPED,

        /** The back-end was gone before. */
        NOT_RUN
    }
}
