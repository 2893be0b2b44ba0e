package dev.ringside.virtio.net.port.tap;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.Tap;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.FrameWriter;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.RingPoll;
import dev.ringside.virtqueue.device.ShardContext;

/** Writes a guest's frames to one queue of an interface. */
final class TapSink implements FrameSink {
    private final Tap tap;
    private final int queue;
    private final int accepts;
    private final Counters<HostCounter> counters;
    private final FrameWriter writer;
    private final RingPoll room;
    private boolean closed;

    TapSink(ShardContext shard, Tap tap, int queue, int accepts, Counters<HostCounter> counters) {
        this.tap = tap;
        this.queue = queue;
        this.accepts = accepts;
        this.counters = counters;
        writer = new FrameWriter(counters, tap.headerBytes());
        room = new RingPoll(shard, RingPoll.OUT);
    }

    @Override
    public Verdict put(Frame frame) {
        if (room.armed()) {
            return Verdict.LATER;
        }
        writer.prepare(frame);
        Verdict verdict = writer.verdict(frame, tap.writev(queue, writer.pieces()));
        if (verdict == Verdict.LATER) {
            counters.increment(HostCounter.TRANSMIT_WAITS);
            room.arm(tap.fd(queue));
        }
        return verdict;
    }

    @Override
    public boolean hasRoom() {
        return !room.armed();
    }

    @Override
    public int accepts() {
        return accepts;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            room.close();
            writer.close();
        }
    }
}
