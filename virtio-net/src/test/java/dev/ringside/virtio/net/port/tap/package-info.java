/** Tests of ports on real TAP interfaces. */
@NullMarked
package dev.ringside.virtio.net.port.tap;

import org.jspecify.annotations.NullMarked;
