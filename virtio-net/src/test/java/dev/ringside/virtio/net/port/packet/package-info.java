/** Tests of ports on real interfaces by packet sockets. */
@NullMarked
package dev.ringside.virtio.net.port.packet;

import org.jspecify.annotations.NullMarked;
