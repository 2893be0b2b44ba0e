/** What a virtio device implements. */
@NullMarked
package dev.ringside.virtqueue.device;

import org.jspecify.annotations.NullMarked;
