package dev.ringside.virtio.net;

import dev.ringside.virtqueue.device.ShardContext;
import java.util.List;

/**
 * What a worker is made with.
 *
 * @param shard the shard that it is confined to
 * @param states the device's state, which may change at any time
 * @param inboxes of all pairs
 */
record QueueSetup(ShardContext shard, NetStates states, List<ReceiveInbox> inboxes) {
    /** A small frame takes 30 ns, a cache line's way there and back 60 to 330. */
    static final int LEAST_BURST = 64;

    /** What is fetched ahead of a chain: a header, and a small frame. */
    static final int BYTES_AHEAD = NetSpec.HEADER_BYTES + 64;
}
