/** Tests of ports. */
@NullMarked
package dev.ringside.virtio.net.ports;

import org.jspecify.annotations.NullMarked;
