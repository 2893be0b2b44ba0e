package dev.ringside.server.options;

import dev.ringside.server.engine.SocketSource;
import dev.ringside.virtio.net.filter.Rate;
import org.jspecify.annotations.Nullable;

/**
 * One NIC that is to be served.
 *
 * @param name in metrics and messages
 * @param source where its front-end comes from
 * @param port what it is plugged into, as a URI
 * @param queuePairs pairs of a receiveq and a transmitq offered
 * @param queueSize largest ring accepted, descriptors
 * @param mac told to the driver, its first byte in bits 47 to 40; 0: the driver's own
 * @param mtu told to the driver, bytes; 0: the port's
 * @param limitIn most traffic to the guest
 * @param limitOut most traffic from the guest
 * @param capture where what passes is written; null: nowhere
 * @param listed whether one value of {@code --nic} says all this: then options of the port may
 *     stand among the NIC's own
 */
public record NicOptions(
        String name,
        SocketSource source,
        String port,
        int queuePairs,
        int queueSize,
        long mac,
        int mtu,
        Rate limitIn,
        Rate limitOut,
        @Nullable CaptureOptions capture,
        boolean listed) {
    /** Beyond that there is no use in more: as many as the largest guests have processors. */
    static final int MAX_QUEUE_PAIRS = 128;

    /** The least that IPv4 works with (RFC 791). */
    static final int MIN_MTU = 68;

    static final int MAX_MTU = 65_535;
}
