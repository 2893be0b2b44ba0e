package dev.ringside.virtio.net.filter;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;

/** A sink that says LATER to what comes too soon, and wakes its shard when it may pass. */
final class LimitedSink implements FrameSink {
    private final ShardContext shard;
    private final FrameSink inner;
    private final RateLimitPort.Gate gate;
    private final boolean ownsInner;
    private boolean closed;

    LimitedSink(ShardContext shard, FrameSink inner, RateLimitPort.Gate gate, boolean ownsInner) {
        this.shard = shard;
        this.inner = inner;
        this.gate = gate;
        this.ownsInner = ownsInner;
        gate.opened(shard);
    }

    @Override
    public Verdict put(Frame frame) {
        Limits limits = gate.limits();
        return limits.isUnlimited() ? inner.put(frame) : putLimited(frame, limits);
    }

    private Verdict putLimited(Frame frame, Limits limits) {
        int packets = WireSize.packets(frame);
        long bits = WireSize.bytes(frame, packets) * Byte.SIZE;
        long waitNs = limits.take(bits, packets, shard.nowNs());
        if (waitNs > 0) {
            shard.wakeBy(shard.nowNs() + waitNs);
            return Verdict.LATER;
        }
        Verdict verdict = inner.put(frame);
        if (verdict == Verdict.LATER) {
            limits.giveBack(bits, packets);
        }
        return verdict;
    }

    @Override
    public boolean hasRoom() {
        Limits limits = gate.limits();
        if (!limits.isUnlimited()) {
            long waitNs = limits.waitNs(shard.nowNs());
            if (waitNs > 0) {
                shard.wakeBy(shard.nowNs() + waitNs);
                return false;
            }
        }
        return inner.hasRoom();
    }

    @Override
    public int accepts() {
        return inner.accepts();
    }

    @Override
    public boolean remembersFrames() {
        return inner.remembersFrames();
    }

    @Override
    public void flush() {
        inner.flush();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        gate.closed(shard);
        if (ownsInner) {
            inner.close();
        }
    }
}
