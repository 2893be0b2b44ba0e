/**
 * What a virtio device implements. Devices never see vhost-user, sockets or threads.
 *
 * <p>What a device may assume: {@link dev.ringside.virtqueue.device.VirtioDevice} is called on the
 * conductor thread except where a method says otherwise; a {@link
 * dev.ringside.virtqueue.device.QueueWorker} is only ever called on the shard that started it. The
 * engine owns the kick, call and err eventfds: it publishes and calls once per burst, suppresses
 * and requests kicks, looks at {@link dev.ringside.virtqueue.Virtqueue#fault()} and at poisoned
 * memory. A worker only takes chains and completes them.
 */
@NullMarked
package dev.ringside.virtqueue.device;

import org.jspecify.annotations.NullMarked;
