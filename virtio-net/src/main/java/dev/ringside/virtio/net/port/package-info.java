/**
 * What a NIC is plugged into: {@link dev.ringside.virtio.net.port.PacketPort} and what it is made
 * of. Everything that takes frames, in either direction, is a {@link
 * dev.ringside.virtio.net.port.FrameSink}: a guest's receiveq, a port's way out, and every filter.
 */
@NullMarked
package dev.ringside.virtio.net.port;

import org.jspecify.annotations.NullMarked;
