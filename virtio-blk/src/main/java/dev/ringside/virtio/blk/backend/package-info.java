/** Where the block device's data lives. */
@NullMarked
package dev.ringside.virtio.blk.backend;

import org.jspecify.annotations.NullMarked;
