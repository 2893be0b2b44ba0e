package dev.ringside.virtio.net.port;

import dev.ringside.virtqueue.device.ShardContext;
import org.jspecify.annotations.Nullable;

/**
 * What a NIC is plugged into. Shared: every method but the two that open may be called by any
 * thread. Decorators (filters) wrap a port and its sinks and sources.
 *
 * <p>"Transmit" is from the guest to the port, "receive" from the port to the guest.
 */
public interface PacketPort extends AutoCloseable {
    /** Link speed not known (virtio 1.3, section 5.1.4). */
    int SPEED_UNKNOWN = -1;

    /** One line for the operator: what it is and any fall-back with its cause. */
    String describe();

    /** Most queue pairs that it can serve at a time, 1 or more. */
    int maxQueuePairs();

    /** Largest IP packet that it carries, bytes; 65535 when it has no limit of its own. */
    int mtu();

    /** Speed of the link in Mbit/s, or {@link #SPEED_UNKNOWN}. */
    default int speedMbps() {
        return SPEED_UNKNOWN;
    }

    /** Whether the far end has a link. */
    default boolean linkUp() {
        return true;
    }

    /** Says whom to tell, on any thread, when {@link #linkUp} has changed; replaces the former. */
    default void onLinkChange(Runnable listener) {}

    /**
     * Says which address the NIC has that is plugged in here. Not called when that is not known;
     * decorators pass it on.
     *
     * @param mac its six bytes as one big-endian number
     * @throws IllegalArgumentException when another NIC has it; the message is for the operator
     */
    default void assignMac(long mac) {}

    /**
     * Opens the way from a queue pair's transmitq to the port. Called on the pair's shard, which is
     * the only one that may use it; must not block.
     *
     * @param pair 0 to {@link #maxQueuePairs()} - 1
     */
    FrameSink openTransmit(ShardContext shard, int pair);

    /**
     * Opens the way from the port to a queue pair's receiveq. Called on the pair's shard; must not
     * block.
     *
     * @param into where frames go; what they need is within its {@link FrameSink#accepts()}, which
     *     does not change while this is open
     */
    FrameSource openReceive(ShardContext shard, int pair, FrameSink into);

    /**
     * What another process needs to open this port again while this one has it: what can be open
     * only once. Null: nothing. Decorators pass it on.
     */
    default @Nullable PortHandOver handOver() {
        return null;
    }

    /**
     * Says that sinks and sources are closed for a while only, or that they are not any more: the
     * host is not to notice. Decorators pass it on.
     */
    default void setFrozen(boolean frozen) {}

    /** Releases the port. Every sink and source is closed already. Idempotent. */
    @Override
    void close();
}
