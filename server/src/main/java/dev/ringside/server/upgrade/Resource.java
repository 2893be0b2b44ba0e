package dev.ringside.server.upgrade;

import dev.ringside.shm.Fd;
import java.util.List;
import java.util.Map;

/**
 * Something that the running process has open and that cannot be opened twice, or not again: a
 * locked image, a disk in memory, a TAP.
 *
 * @param name what it is called in this and the next process
 * @param fds its descriptors
 * @param details whatever else must be known of it
 */
public record Resource(String name, List<Fd> fds, Map<String, String> details) {
    /** Keeps collections of its own. */
    public Resource {
        fds = List.copyOf(fds);
        details = Map.copyOf(details);
    }
}
