/** Virtqueues, device side (virtio 1.3, section 2.6 to 2.8). */
@NullMarked
package dev.ringside.virtqueue;

import org.jspecify.annotations.NullMarked;
