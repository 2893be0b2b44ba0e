package dev.ringside.virtio.net.port.packet;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.PacketSocket;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.FramePool;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.RingPoll;
import dev.ringside.virtio.net.port.host.VnetHeader;
import dev.ringside.virtqueue.device.ShardContext;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * Takes frames out of a packet socket's ring, without copying them first. What the sink has no room
 * for stays there. What the kernel left undone and the sink does not accept is done in software: an
 * interface cannot be told what one listener accepts.
 */
final class PacketSource implements FrameSource, FrameKeeper {
    private static final int SLOTS = 64;

    private final PacketSocketPort port;
    private final ShardContext shard;
    private final FrameSink into;
    private final Counters<HostCounter> counters;
    private final FramePool pool;
    private final SocketSlot slot;
    private final Frame frame = new Frame(this, 1);
    private @Nullable RingPoll arrival;
    // The control executor says what became of the interface.
    private volatile boolean stale;
    private volatile boolean recovered;
    private boolean troubled;
    private boolean pending;
    private boolean enabled = true;
    private boolean closed;
    private long askAgainNs;
    private long drops;

    PacketSource(PacketSocketPort port, ShardContext shard, int pair, FrameSink into) {
        this.port = port;
        this.shard = shard;
        this.into = SoftwareOffload.around(into, port.offloadCounters(pair));
        counters = port.counters(pair);
        slot = port.slot(shard);
        try {
            pool = new FramePool(SLOTS);
        } catch (LinuxException e) {
            throw new UncheckedIOException(e);
        }
        ask();
    }

    private void ask() {
        askAgainNs = shard.nowNs() + PacketSocketPort.RETRY_NS;
        port.openReceive(slot);
    }

    @Override
    public int poll(int budget) {
        PacketSocket socket = socket();
        if (socket == null) {
            return 0;
        }
        RingPoll waiting = arrival;
        if (waiting == null || waiting.armed()) {
            return 0;
        }
        if (waiting.takeError() && socket.takeError() != 0) {
            counters.increment(HostCounter.READ_ERRORS);
            troubled = true;
        }
        int count = 0;
        while (count < budget && next(socket)) {
            count++;
        }
        long dropped = socket.drops();
        if (dropped != drops) {
            counters.add(HostCounter.RING_FULL, dropped - drops);
            drops = dropped;
        }
        if (count > 0) {
            into.flush();
        } else if (!pending) {
            // What came since the last look makes the poll fire as soon as it is armed.
            counters.increment(HostCounter.RECEIVE_WAITS);
            waiting.arm(socket.fd());
        }
        return count;
    }

    /** The socket to read from; sees to it that there is one, as long as one is wanted. */
    private @Nullable PacketSocket socket() {
        if (!enabled || closed) {
            return null;
        }
        if (stale) {
            stale = false;
            troubled = false;
            leave();
            slot.drop();
            ask();
        }
        if (recovered) {
            recovered = false;
            troubled = false;
        }
        PacketSocket socket = slot.taken();
        if (socket == null) {
            socket = slot.take();
            if (socket != null) {
                arrival = new RingPoll(shard, RingPoll.IN);
                drops = 0;
            }
        }
        if (socket == null || troubled) {
            lookAfter(socket);
        }
        return socket;
    }

    /** Without a socket, or with one on an interface that went down: asks once a second. */
    private void lookAfter(@Nullable PacketSocket socket) {
        if (shard.nowNs() - askAgainNs >= 0) {
            if (socket == null) {
                ask();
            } else {
                askAgainNs = shard.nowNs() + PacketSocketPort.RETRY_NS;
                port.examine(this, socket);
            }
        }
        shard.wakeBy(askAgainNs);
    }

    /** Control: the interface that the socket is on is up again, or it is gone for good. */
    void examined(boolean good) {
        if (good) {
            recovered = true;
        } else {
            stale = true;
        }
        shard.doorbell().ring();
    }

    private boolean next(PacketSocket socket) {
        if (!pending && !fill(socket)) {
            return false;
        }
        if (!into.hasRoom()) {
            return false;
        }
        int length = frame.length();
        Verdict verdict = into.put(frame);
        pending = verdict == Verdict.LATER;
        if (pending) {
            return false;
        }
        socket.consume();
        if (verdict == Verdict.DROPPED) {
            counters.increment(HostCounter.SINK);
        } else {
            counters.increment(HostCounter.RECEIVED);
            counters.add(HostCounter.RECEIVED_BYTES, length);
        }
        return true;
    }

    /** Makes the frame of the next one in the ring that can be put. */
    private boolean fill(PacketSocket socket) {
        while (socket.peek()) {
            int length = socket.frameBytes();
            long at = socket.frameOffset();
            frame.clear();
            frame.add(socket.memory(), at, length);
            if (length >= Frame.MIN_BYTES
                    && length <= Frame.MAX_BYTES
                    && VnetHeader.read(socket.memory(), at - PacketSocket.HEADER_BYTES, frame)) {
                pending = true;
                return true;
            }
            counters.increment(HostCounter.BAD_HEADER);
            socket.consume();
        }
        return false;
    }

    @Override
    public boolean hasWork() {
        return enabled && !closed && (stale || recovered || slot.hasOffer());
    }

    @Override
    public void setEnabled(boolean value) {
        if (enabled == value || closed) {
            return;
        }
        enabled = value;
        if (value) {
            slot.want(true);
            ask();
        } else {
            leave();
            slot.want(false);
        }
    }

    private void leave() {
        RingPoll waiting = arrival;
        if (waiting != null) {
            waiting.close();
        }
        arrival = null;
        pending = false;
        frame.forget();
    }

    /** The ring is given back to the kernel in order: what is held is copied. */
    @Override
    public @Nullable Frame hold(Frame held) {
        return pool.holdCopy(held);
    }

    @Override
    public void released(Frame held) {
        throw new IllegalStateException("the pool's frames are released to the pool");
    }

    @Override
    public void close() {
        if (!closed) {
            leave();
            closed = true;
            slot.want(false);
        }
    }
}
