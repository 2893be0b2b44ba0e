package dev.ringside.virtio.net.filter;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;

/** A sink that has every frame that passes copied into a ring, when there is one. */
final class CaptureSink implements FrameSink {
    private final ShardContext shard;
    private final FrameSink inner;
    private final CapturePort port;
    private final int direction;
    private final boolean ownsInner;

    /**
     * A sink before another.
     *
     * @param direction as {@link PcapNg} writes it
     * @param ownsInner whether the other one is closed with it
     */
    CaptureSink(
            ShardContext shard,
            FrameSink inner,
            CapturePort port,
            int direction,
            boolean ownsInner) {
        this.shard = shard;
        this.inner = inner;
        this.port = port;
        this.direction = direction;
        this.ownsInner = ownsInner;
    }

    @Override
    public Verdict put(Frame frame) {
        CaptureRing ring = port.ring();
        return ring == null ? inner.put(frame) : putCaptured(frame, ring);
    }

    private Verdict putCaptured(Frame frame, CaptureRing ring) {
        if (!inner.hasRoom()) {
            return Verdict.LATER;
        }
        // Before it passes: whoever gets it may change it.
        long record = ring.copy(frame, direction, shard.clock());
        Verdict verdict = inner.put(frame);
        if (verdict == Verdict.LATER) {
            if (record >= 0) {
                ring.giveUp(record);
            }
        } else if (record >= 0) {
            ring.commit(record);
        } else {
            ring.countDrop();
        }
        return verdict;
    }

    @Override
    public boolean hasRoom() {
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
        if (ownsInner) {
            inner.close();
        }
    }
}
