package dev.ringside.server.engine;

import dev.ringside.shm.Fd;
import dev.ringside.vhostuser.SavedSession;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One front-end's connection, frozen.
 *
 * @param socket the connection
 * @param session what was agreed on it
 * @param replies what the front-end has not taken yet
 * @param backendChannel the channel for back-end requests; null: none
 * @param backendRequests what the front-end has not taken from that channel yet
 */
public record SavedConnection(
        Fd socket,
        SavedSession session,
        List<SavedMessage> replies,
        @Nullable Fd backendChannel,
        List<SavedMessage> backendRequests) {
    /** Keeps lists of its own. */
    public SavedConnection {
        replies = List.copyOf(replies);
        backendRequests = List.copyOf(backendRequests);
    }
}
