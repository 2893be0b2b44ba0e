package dev.ringside.virtio.net.port.bench;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.TokenBucket;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * {@code generator:size=BYTES[,pps=N][,burst=FRAMES]}: fills each receiveq with frames of that size
 * (without FCS), as fast as the guest gives buffers or at a rate, and swallows what the guest
 * transmits. The frames are UDP datagrams to all, numbered from 0 for each queue pair.
 *
 * <p>{@code pps} is for each queue pair. {@code burst} is the most frames in one turn, and so how
 * much is made up for after a delay: 10 ms worth when there is a rate.
 */
public final class GeneratorPort implements PacketPort {
    private static final int DEFAULT_BYTES = 64;
    private static final int MAX_BURST = 1 << 20;
    private static final int MAX_PPS = 1_000_000_000;

    private final int bytes;
    private final int pps;
    private final int burst;

    private GeneratorPort(int bytes, int pps, int burst) {
        this.bytes = bytes;
        this.pps = pps;
        this.burst = burst;
    }

    /**
     * Opens it by its options.
     *
     * @throws IllegalArgumentException when one is unknown or out of range
     */
    public static PacketPort open(PortUri uri, MetricsRegistry metrics) {
        uri.allowOnly("size", "pps", "burst");
        int bytes = uri.intNumber("size", DEFAULT_BYTES, TestFrame.MIN_BYTES, TestFrame.MAX_BYTES);
        int pps = uri.intNumber("pps", 0, 1, MAX_PPS);
        int preset = pps == 0 ? MAX_BURST : Math.clamp(pps / 100, 1, MAX_BURST);
        return new GeneratorPort(bytes, pps, uri.intNumber("burst", preset, 1, MAX_BURST));
    }

    @Override
    public String describe() {
        return "generator, frames of "
                + bytes
                + " bytes"
                + (pps == 0 ? "" : ", " + pps + " per second and queue pair");
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
        return new NullPort().openTransmit(shard, pair);
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        TokenBucket bucket = pps == 0 ? null : new TokenBucket(pps, burst, shard.nowNs());
        return new Flow(shard, into, new TestFrame(bytes, pair), bucket, burst, pps);
    }

    @Override
    public void close() {}

    /** One queue pair's frames: the same memory each time, with the next number. */
    private static final class Flow implements FrameSource {
        /** A paced shard wakes for this much, rather than for each frame. */
        private static final int WAKE_UPS_PER_SECOND = 20_000;

        private final ShardContext shard;
        private final FrameSink into;
        private final TestFrame content;
        private final MemorySegment memory;
        private final int bytes;
        private final Frame frame = new Frame(FrameKeeper.NONE, 1);
        private final @Nullable TokenBucket bucket;
        private final int burst;
        private final int batch;
        private final Ranges many = new Ranges(TestFrame.MAX_COPIES);
        private long number;
        private boolean enabled = true;

        Flow(
                ShardContext shard,
                FrameSink into,
                TestFrame content,
                @Nullable TokenBucket bucket,
                int burst,
                int pps) {
            this.shard = shard;
            this.into = into;
            this.content = content;
            this.bucket = bucket;
            this.burst = burst;
            batch = Math.clamp(pps / WAKE_UPS_PER_SECOND, 1, burst);
            memory = content.memory();
            bytes = content.bytes();
            many.begin(memory);
            for (int i = 0; i < content.copies(); i++) {
                many.set(i, (long) i * bytes, bytes);
            }
        }

        @Override
        public int poll(int budget) {
            if (!enabled) {
                return 0;
            }
            int most = Math.min(budget, burst);
            TokenBucket tokens = bucket;
            return tokens == null ? fill(most) : fillPaced(most, tokens);
        }

        private int fillPaced(int most, TokenBucket tokens) {
            tokens.refill(shard.nowNs());
            int done = fill((int) Math.min(most, tokens.level()));
            tokens.take(done);
            if (!tokens.allows(1)) {
                shard.wakeBy(tokens.readyNs(batch));
            }
            return done;
        }

        private int fill(int most) {
            int done = 0;
            boolean asks = content.copies() > 1 && into.takesPlain();
            while (done < most && into.hasRoom()) {
                int together = asks ? putMany(most - done) : 0;
                if (together > 0) {
                    done += together;
                    continue;
                }
                // Who takes none together now is not asked again for each frame.
                asks = false;
                // A sink may have pulled bytes into the frame's head: begin anew.
                frame.clear();
                content.setSequences(number, 1);
                frame.add(memory, 0, bytes);
                if (into.put(frame) == Verdict.LATER) {
                    break;
                }
                number++;
                done++;
            }
            if (done > 0) {
                into.flush();
            }
            return done;
        }

        /** Puts as many as there is memory for, each with its own number. */
        private int putMany(int most) {
            int count = Math.min(most, content.copies());
            content.setSequences(number, count);
            many.setCount(count);
            int put = into.putPlain(many);
            number += put;
            return put;
        }

        @Override
        public void setEnabled(boolean value) {
            enabled = value;
        }

        @Override
        public void close() {
            enabled = false;
        }
    }
}
