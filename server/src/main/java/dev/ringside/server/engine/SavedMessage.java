package dev.ringside.server.engine;

import dev.ringside.shm.Fd;
import java.util.List;

/**
 * A message, or its rest, that a peer has not taken yet.
 *
 * @param bytesHex what is left of it
 * @param fds the descriptors that go with it; empty when its first byte was sent
 */
public record SavedMessage(String bytesHex, List<Fd> fds) {
    /** Keeps a list of its own. */
    public SavedMessage {
        fds = List.copyOf(fds);
    }
}
