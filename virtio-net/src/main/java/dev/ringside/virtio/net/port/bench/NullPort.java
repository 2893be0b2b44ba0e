package dev.ringside.virtio.net.port.bench;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;

/** {@code null}: swallows what a guest transmits without a look at it, and gives it nothing. */
public final class NullPort implements PacketPort {
    static final int MAX_QUEUE_PAIRS = 128;
    static final int MTU = 65535;

    private static final FrameSource SILENCE = new Silence();

    /** A port that leads nowhere. */
    public NullPort() {}

    /**
     * Opens {@code null}, which has no options.
     *
     * @throws IllegalArgumentException when there are some
     */
    public static PacketPort open(PortUri uri, MetricsRegistry metrics) {
        uri.allowOnly();
        return new NullPort();
    }

    @Override
    public String describe() {
        return "null, frames vanish";
    }

    @Override
    public int maxQueuePairs() {
        return MAX_QUEUE_PAIRS;
    }

    @Override
    public int mtu() {
        return MTU;
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return new Swallow();
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        return SILENCE;
    }

    @Override
    public void close() {}

    private static final class Swallow implements FrameSink {
        @Override
        public Verdict put(Frame frame) {
            return Verdict.DONE;
        }

        @Override
        public int putPlain(Ranges frames) {
            return frames.count();
        }

        @Override
        public boolean takesPlain() {
            return true;
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public int accepts() {
            return Offload.ALL;
        }

        @Override
        public boolean readsFrames() {
            return false;
        }
    }

    private static final class Silence implements FrameSource {
        @Override
        public int poll(int budget) {
            return 0;
        }

        @Override
        public void close() {}
    }
}
