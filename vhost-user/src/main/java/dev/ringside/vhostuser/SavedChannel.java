package dev.ringside.vhostuser;

import java.util.List;

/**
 * The back-end channel of a {@link SavedSession}; its socket is saved elsewhere.
 *
 * @param present whether the front-end gave one
 * @param changeUntold whether it has yet to be told that the configuration changed
 * @param unanswered the translations that were asked for and not answered, in that order
 * @param answerHex the bytes of an answer that has begun to arrive
 */
public record SavedChannel(
        boolean present, boolean changeUntold, List<Question> unanswered, String answerHex) {
    /** There is no channel. */
    public static final SavedChannel NONE = new SavedChannel(false, false, List.of(), "");

    /** Keeps a list of its own. */
    public SavedChannel {
        unanswered = List.copyOf(unanswered);
    }

    /**
     * An IOTLB miss.
     *
     * @param iova the page
     * @param access 1 for reading, 2 for writing
     */
    public record Question(long iova, int access) {}
}
