package dev.ringside.virtio.net.port.packet;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.Errno;
import dev.ringside.shm.PacketSocket;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.FrameWriter;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.RingPoll;
import dev.ringside.virtqueue.device.ShardContext;
import org.jspecify.annotations.Nullable;

/** Sends a guest's frames out of an interface. While there is none, they are dropped. */
final class PacketSink implements FrameSink {
    private final PacketSocketPort port;
    private final ShardContext shard;
    private final Counters<HostCounter> counters;
    private final SocketSlot slot;
    private final FrameWriter writer;
    private final RingPoll room;
    private long askAgainNs;
    private boolean closed;

    PacketSink(PacketSocketPort port, ShardContext shard, Counters<HostCounter> counters) {
        this.port = port;
        this.shard = shard;
        this.counters = counters;
        slot = port.slot(shard);
        writer = new FrameWriter(counters, PacketSocket.HEADER_BYTES);
        room = new RingPoll(shard, RingPoll.OUT);
        askAgainNs = shard.nowNs() + PacketSocketPort.RETRY_NS;
        port.openTransmit(slot);
    }

    @Override
    public Verdict put(Frame frame) {
        if (room.armed()) {
            return Verdict.LATER;
        }
        PacketSocket socket = socket();
        if (socket == null) {
            counters.increment(HostCounter.GONE);
            return Verdict.DROPPED;
        }
        writer.prepare(frame);
        int result = socket.writev(writer.pieces());
        if (result == -Errno.ENXIO) {
            // The interface was deleted; perhaps it is made again.
            slot.drop();
        }
        Verdict verdict = writer.verdict(frame, result);
        if (verdict == Verdict.LATER) {
            counters.increment(HostCounter.TRANSMIT_WAITS);
            room.arm(socket.fd());
        }
        return verdict;
    }

    private @Nullable PacketSocket socket() {
        PacketSocket socket = slot.taken();
        if (socket != null) {
            return socket;
        }
        socket = slot.take();
        if (socket == null && shard.nowNs() - askAgainNs >= 0) {
            askAgainNs = shard.nowNs() + PacketSocketPort.RETRY_NS;
            port.openTransmit(slot);
        }
        return socket;
    }

    @Override
    public boolean hasRoom() {
        return !room.armed();
    }

    @Override
    public int accepts() {
        return port.transmitOffloads();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            room.close();
            slot.want(false);
            writer.close();
        }
    }
}
