/**
 * Every kind of port there is, by the scheme of its URI: {@link
 * dev.ringside.virtio.net.ports.PacketPorts}. A package of its own, since it depends on all of
 * them.
 */
@NullMarked
package dev.ringside.virtio.net.ports;

import org.jspecify.annotations.NullMarked;
