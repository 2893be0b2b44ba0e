/**
 * What a port leaves undone is done here, in software: checksums and segmentation; and what looks
 * at headers to choose a queue.
 *
 * <p>Everything decides by a frame's private head, never by memory that a guest can change. Payload
 * is read once, for its sum; when a guest changes it meanwhile, its own frame has a wrong sum.
 * Objects are confined to one shard unless they say otherwise.
 */
@NullMarked
package dev.ringside.virtio.net.offload;

import org.jspecify.annotations.NullMarked;
