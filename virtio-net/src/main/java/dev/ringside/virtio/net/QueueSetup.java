package dev.ringside.virtio.net;

import dev.ringside.virtqueue.device.ShardContext;

/**
 * What a worker is made with.
 *
 * @param shard the shard that it is confined to
 * @param states the device's state, which may change at any time
 */
record QueueSetup(ShardContext shard, NetStates states) {}
