/** Tests of the switch. */
@NullMarked
package dev.ringside.virtio.net.l2;

import org.jspecify.annotations.NullMarked;
