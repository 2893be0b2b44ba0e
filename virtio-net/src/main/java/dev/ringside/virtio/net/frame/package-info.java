/**
 * A network frame on its way through the process, and what may be left undone on it.
 *
 * <p>A frame's bytes may lie in a guest's memory, where they change at any time: whatever decides
 * something by a byte first pulls it into the frame's private head, decides by that, and so hands
 * on exactly what it decided by.
 */
@NullMarked
package dev.ringside.virtio.net.frame;

import org.jspecify.annotations.NullMarked;
