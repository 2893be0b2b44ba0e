package dev.ringside.virtio.net.l2;

import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What a NIC does with one queue pair of a switch port, and what came to it. */
final class Plug implements FrameKeeper, AutoCloseable {
    final FakeSink receiver;
    final FrameSource source;
    final FrameSink sink;
    final AtomicInteger held = new AtomicInteger();
    int mostHeld = Integer.MAX_VALUE;

    Plug(PacketPort port, ShardContext shard, int pair, FakeSink receiver) {
        this.receiver = receiver;
        sink = port.openTransmit(shard, pair);
        source = port.openReceive(shard, pair, receiver);
    }

    /** Sends one frame as a burst of its own. */
    Verdict send(byte[] bytes) {
        Verdict verdict = put(bytes);
        sink.flush();
        return verdict;
    }

    Verdict put(byte[] bytes) {
        return sink.put(frame(bytes));
    }

    /** A frame of this plug's, in extents of uneven lengths. */
    Frame frame(byte[] bytes) {
        Frame frame = new Frame(this, 4);
        MemorySegment memory = MemorySegment.ofArray(bytes);
        int first = Math.min(bytes.length, 9);
        int second = Math.min(bytes.length - first, 6);
        frame.add(memory, 0, first);
        frame.add(memory, first, second);
        frame.add(memory, first + second, bytes.length - first - second);
        return frame;
    }

    /** What came since the last time this was asked. */
    List<byte[]> received() {
        List<byte[]> frames = List.copyOf(receiver.frames());
        receiver.frames().clear();
        return frames;
    }

    @Override
    public @Nullable Frame hold(Frame frame) {
        if (held.get() >= mostHeld) {
            return null;
        }
        held.incrementAndGet();
        Frame copy = new Frame(this, 4);
        copy.viewOf(frame);
        copy.beginHold(0);
        return copy;
    }

    @Override
    public void released(Frame copy) {
        held.decrementAndGet();
    }

    @Override
    public void close() {
        sink.close();
        source.close();
    }
}
