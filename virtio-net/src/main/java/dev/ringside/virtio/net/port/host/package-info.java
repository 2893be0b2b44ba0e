/**
 * What ports to interfaces of the host have in common: the header between the kernel and us, frames
 * received into memory of ours, polls in a shard's ring, and counters. Not for others.
 */
@NullMarked
package dev.ringside.virtio.net.port.host;

import org.jspecify.annotations.NullMarked;
