/**
 * How much a disk may do in a second, and how its queues, and the disks of a group, share that.
 *
 * <p>A limit is a {@link dev.ringside.virtio.blk.limit.LimitLine}: a line of time on which whoever
 * wants to go reserves the next slice. So they get equal shares, whichever shards they are on, and
 * nobody locks.
 */
@NullMarked
package dev.ringside.virtio.blk.limit;

import org.jspecify.annotations.NullMarked;
