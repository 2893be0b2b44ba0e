/** Tests of the NIC, and what they share. */
@NullMarked
package dev.ringside.virtio.net;

import org.jspecify.annotations.NullMarked;
