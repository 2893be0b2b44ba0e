/** Tests of stream ports, with real sockets. */
@NullMarked
package dev.ringside.virtio.net.port.stream;

import org.jspecify.annotations.NullMarked;
