package dev.ringside.virtio.net.port;

import dev.ringside.shm.Fd;
import java.util.List;
import java.util.Map;

/**
 * What another process needs to go on with a port of the same text.
 *
 * @param fds descriptors; the port's, or whoever's who got them
 * @param details what else must be known
 */
public record PortHandOver(List<Fd> fds, Map<String, String> details) {
    /** Keeps collections of its own. */
    public PortHandOver {
        fds = List.copyOf(fds);
        details = Map.copyOf(details);
    }
}
