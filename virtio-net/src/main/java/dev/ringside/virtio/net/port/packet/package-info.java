/**
 * The port {@code packet:}: an existing interface of the host, by packet sockets. The guest hears
 * what arrives there, and sends from there; it does not reach the host's own addresses.
 */
@NullMarked
package dev.ringside.virtio.net.port.packet;

import org.jspecify.annotations.NullMarked;
