package dev.ringside.virtio.net.port.bench;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortMetrics;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code loopback}: what a guest transmits it receives again, on the same queue pair and in the
 * same order, copied once. A frame waits in the transmitq while the receiveq has no buffer for it,
 * so none is lost; while the pair's receiveq is not started, frames are dropped and counted.
 */
public final class LoopbackPort implements PacketPort {
    private final List<Pair> pairs = new ArrayList<>();
    private final List<MetricsRegistry.Registration> registrations = new ArrayList<>();

    private LoopbackPort(MetricsRegistry metrics, Map<String, String> labels) {
        for (int i = 0; i < NullPort.MAX_QUEUE_PAIRS; i++) {
            Pair pair = new Pair();
            pairs.add(pair);
            registrations.add(metrics.register(labels, pair.counters));
        }
    }

    /**
     * Opens {@code loopback}, which has no options.
     *
     * @throws IllegalArgumentException when there are some
     */
    public static PacketPort open(PortUri uri, MetricsRegistry metrics) {
        uri.allowOnly();
        return new LoopbackPort(metrics, PortMetrics.labels(uri));
    }

    @Override
    public String describe() {
        return "loopback, frames come back on their queue pair";
    }

    @Override
    public int maxQueuePairs() {
        return NullPort.MAX_QUEUE_PAIRS;
    }

    @Override
    public int mtu() {
        return NullPort.MTU;
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return pairs.get(pair);
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        return new Receiving(pairs.get(pair), into);
    }

    @Override
    public void close() {
        registrations.forEach(MetricsRegistry.Registration::close);
    }

    /** The way from a transmitq to the receiveq beside it, both on one shard. */
    private static final class Pair implements FrameSink {
        private final Counters<LoopbackCounter> counters = new Counters<>(LoopbackCounter.class);
        private @Nullable FrameSink receiveq;

        @Override
        public Verdict put(Frame frame) {
            FrameSink into = receiveq;
            if (into == null) {
                counters.increment(LoopbackCounter.NO_RECEIVEQ);
                return Verdict.DROPPED;
            }
            return into.put(frame);
        }

        @Override
        public int putPlain(Ranges frames) {
            FrameSink into = receiveq;
            return into == null ? 0 : into.putPlain(frames);
        }

        @Override
        public boolean takesPlain() {
            return true;
        }

        @Override
        public boolean hasRoom() {
            FrameSink into = receiveq;
            return into == null || into.hasRoom();
        }

        @Override
        public int accepts() {
            return Offload.ALL;
        }

        @Override
        public void flush() {
            FrameSink into = receiveq;
            if (into != null) {
                into.flush();
            }
        }
    }

    /** Frames come when they are put, not when this is polled. */
    private static final class Receiving implements FrameSource {
        private final Pair pair;
        private final FrameSink into;

        Receiving(Pair pair, FrameSink into) {
            this.pair = pair;
            this.into = into;
            pair.receiveq = into;
        }

        @Override
        public int poll(int budget) {
            return 0;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // the very sink that was opened here
        public void close() {
            if (pair.receiveq == into) {
                pair.receiveq = null;
            }
        }
    }
}
