/** What the tests of ports to the host share. */
@NullMarked
package dev.ringside.virtio.net.port.host;

import org.jspecify.annotations.NullMarked;
