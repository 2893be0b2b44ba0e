/**
 * Ports that are a connected unix stream socket, by the protocol of QEMU's {@code -netdev stream}:
 * each frame is preceded by its length as a 32-bit big-endian number. It is spoken by passt, QEMU
 * and Ringside itself.
 *
 * <p>{@link dev.ringside.virtio.net.port.stream.StreamPort} owns the connection, which outlives
 * sessions: a guest that starts anew finds its peer still there. While a session runs, the
 * connection is confined to that session's shard.
 */
@NullMarked
package dev.ringside.virtio.net.port.stream;

import org.jspecify.annotations.NullMarked;
