/**
 * The block device (virtio 1.3, section 5.2), over any {@link
 * dev.ringside.virtio.blk.backend.BlockBackend}.
 *
 * <p>What callers may assume: {@link dev.ringside.virtio.blk.BlkDevice} keeps the promises of
 * {@link dev.ringside.virtqueue.device.VirtioDevice}; a request's chain is completed exactly once,
 * with a status that the backend has earned; nothing a driver writes makes a worker throw, block,
 * lock, allocate or log. Multi-byte fields are little-endian, also for drivers without
 * VIRTIO_F_VERSION_1.
 */
@NullMarked
package dev.ringside.virtio.blk;

import org.jspecify.annotations.NullMarked;
