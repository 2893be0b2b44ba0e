/** Tests of frames. */
@NullMarked
package dev.ringside.virtio.net.frame;

import org.jspecify.annotations.NullMarked;
