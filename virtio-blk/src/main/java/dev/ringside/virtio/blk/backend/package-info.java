/**
 * Where the block device's data lives.
 *
 * <p>A {@link dev.ringside.virtio.blk.backend.BlockBackend} is one disk's storage, shared by all
 * threads; a {@link dev.ringside.virtio.blk.backend.BlockChannel} is one queue's way to it,
 * confined to that queue's shard. What callers may assume:
 *
 * <ul>
 *   <li>A channel neither blocks, locks, allocates nor logs after it was opened.
 *   <li>Every request that was submitted completes exactly once, in the return value or by the
 *       callback, and after that the channel never touches its guest memory again.
 *   <li>A request that completes with 0 has moved every byte; short transfers are continued inside.
 *   <li>A flush that completes with 0 covers every write that completed before it was submitted, on
 *       any channel of the same backend.
 * </ul>
 *
 * <p>The caller validates: ranges lie inside the capacity and are multiples of 512 bytes.
 */
@NullMarked
package dev.ringside.virtio.blk.backend;

import org.jspecify.annotations.NullMarked;
