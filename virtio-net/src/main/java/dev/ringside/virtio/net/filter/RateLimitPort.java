package dev.ringside.virtio.net.filter;

import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Limits what passes through a port, for each direction: all queue pairs together. What comes too
 * soon waits where it is: in the driver's transmitq, or where the port has it from, and is lost
 * only if that place loses what it cannot hold.
 */
public final class RateLimitPort extends PortDecorator {
    private final Gate transmit;
    private final Gate receive;

    private RateLimitPort(PacketPort inner, Rate transmit, Rate receive) {
        super(inner);
        this.transmit = new Gate(transmit);
        this.receive = new Gate(receive);
    }

    /**
     * Puts limits around a port, which belongs to them from then on.
     *
     * @param transmit from the guest
     * @param receive to the guest
     */
    public static RateLimitPort around(PacketPort inner, Rate transmit, Rate receive) {
        return new RateLimitPort(inner, transmit, receive);
    }

    /** Changes the limit of what the guest sends, from now on. Any thread. */
    public void limitTransmit(Rate rate) {
        transmit.set(rate);
    }

    /** Changes the limit of what the guest gets, from now on. Any thread. */
    public void limitReceive(Rate rate) {
        receive.set(rate);
    }

    /** The limit of what the guest sends. */
    public Rate transmitRate() {
        return transmit.limits().rate();
    }

    /** The limit of what the guest gets. */
    public Rate receiveRate() {
        return receive.limits().rate();
    }

    @Override
    public String describe() {
        return super.describe()
                + text(", transmit", transmitRate())
                + text(", receive", receiveRate());
    }

    private static String text(String direction, Rate rate) {
        if (rate.isUnlimited()) {
            return "";
        }
        StringBuilder text = new StringBuilder(direction).append(" up to");
        if (rate.bitsPerSecond() > 0) {
            text.append(' ').append(rate.bitsPerSecond()).append(" bit/s");
        }
        if (rate.packetsPerSecond() > 0) {
            text.append(rate.bitsPerSecond() > 0 ? " and " : " ");
            text.append(rate.packetsPerSecond()).append(" packets/s");
        }
        return text.toString();
    }

    @Override
    FrameSink aroundTransmit(ShardContext shard, FrameSink sink) {
        return new LimitedSink(shard, sink, transmit, true);
    }

    @Override
    FrameSink aroundReceive(ShardContext shard, FrameSink sink) {
        return new LimitedSink(shard, sink, receive, false);
    }

    /** One direction of a port. */
    static final class Gate {
        private final List<ShardContext> shards = new CopyOnWriteArrayList<>();
        private volatile Limits limits;

        Gate(Rate rate) {
            limits = new Limits(rate);
        }

        /** What is in force now. */
        Limits limits() {
            return limits;
        }

        void set(Rate rate) {
            limits = new Limits(rate);
            // Who sleeps until the old limit lets something pass looks again.
            shards.forEach(shard -> shard.doorbell().ring());
        }

        void opened(ShardContext shard) {
            shards.add(shard);
        }

        void closed(ShardContext shard) {
            shards.remove(shard);
        }
    }
}
