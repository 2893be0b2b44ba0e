/** Tests of ports. */
@NullMarked
package dev.ringside.virtio.net.port.bench;

import org.jspecify.annotations.NullMarked;
