/** Tests of ports. */
@NullMarked
package dev.ringside.virtio.net.port;

import org.jspecify.annotations.NullMarked;
