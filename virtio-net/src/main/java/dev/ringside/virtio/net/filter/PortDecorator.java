package dev.ringside.virtio.net.filter;

import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortHandOver;
import dev.ringside.virtqueue.device.ShardContext;
import org.jspecify.annotations.Nullable;

/** A port that is another one but for what its subclass adds to the sinks of both directions. */
abstract class PortDecorator implements PacketPort {
    private final PacketPort inner;

    PortDecorator(PacketPort inner) {
        this.inner = inner;
    }

    /** The sink to be put before one of the port's. On the pair's shard. */
    abstract FrameSink aroundTransmit(ShardContext shard, FrameSink sink);

    /** The sink to be put before one of the guest's; it does not close it. On the pair's shard. */
    abstract FrameSink aroundReceive(ShardContext shard, FrameSink sink);

    @Override
    public String describe() {
        return inner.describe();
    }

    @Override
    public int maxQueuePairs() {
        return inner.maxQueuePairs();
    }

    @Override
    public int mtu() {
        return inner.mtu();
    }

    @Override
    public int speedMbps() {
        return inner.speedMbps();
    }

    @Override
    public boolean linkUp() {
        return inner.linkUp();
    }

    @Override
    public void onLinkChange(Runnable listener) {
        inner.onLinkChange(listener);
    }

    @Override
    public void assignMac(long mac) {
        inner.assignMac(mac);
    }

    @Override
    public @Nullable PortHandOver handOver() {
        return inner.handOver();
    }

    @Override
    public void setFrozen(boolean frozen) {
        inner.setFrozen(frozen);
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return aroundTransmit(shard, inner.openTransmit(shard, pair));
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        FrameSink around = aroundReceive(shard, into);
        return new ClosingSource(inner.openReceive(shard, pair, around), around);
    }

    @Override
    public void close() {
        inner.close();
    }

    /** A source that ends the filter before its sink, too. */
    private record ClosingSource(FrameSource source, FrameSink filter) implements FrameSource {
        @Override
        public int poll(int budget) {
            return source.poll(budget);
        }

        @Override
        public boolean hasWork() {
            return source.hasWork();
        }

        @Override
        public void setEnabled(boolean enabled) {
            source.setEnabled(enabled);
        }

        @Override
        public void close() {
            source.close();
            filter.close();
        }
    }
}
