package dev.ringside.virtio.net.port;

import dev.ringside.metrics.MetricsRegistry;
import java.io.IOException;

/**
 * One kind of port.
 *
 * @param name what the text of a port begins with
 * @param named whether the first part after the colon is a name, not an option
 * @param form how it is written, for the operator
 * @param opener opens one
 */
public record PortScheme(String name, boolean named, String form, Opener opener) {
    /** Opens a port of one kind. */
    @FunctionalInterface
    public interface Opener {
        /**
         * Opens what the text describes. May block: never on a shard or the conductor.
         *
         * @param metrics where it registers counters that belong to no queue
         * @throws IllegalArgumentException when the text is wrong: the message names the option,
         *     its value and what is allowed, for the operator
         * @throws IOException when the host refuses, with a message for the operator
         */
        PacketPort open(PortUri uri, MetricsRegistry metrics) throws IOException;
    }
}
