/** The block device (virtio 1.3, section 5.2). */
@NullMarked
package dev.ringside.virtio.blk;

import org.jspecify.annotations.NullMarked;
