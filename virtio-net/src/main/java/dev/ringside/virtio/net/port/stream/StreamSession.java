package dev.ringside.virtio.net.port.stream;

import dev.ringside.shm.Errno;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.UnixSocket;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;
import org.jspecify.annotations.Nullable;

/**
 * A connection, or the search for one, while a shard uses it: from the first sink or source that is
 * opened to the last one that is closed. A task of its shard.
 */
final class StreamSession implements ShardTask {
    private static final long NS_PER_MS = 1_000_000;

    private final StreamPort port;
    private final ShardContext shard;
    private final IncomingFrames incoming;
    private final OutgoingFrames outgoing;

    private @Nullable UnixSocket socket;
    private @Nullable Readiness readiness;
    private @Nullable Readiness arrivals;
    private long retryNs;
    private int users;

    StreamSession(StreamPort port, ShardContext shard) {
        this.port = port;
        this.shard = shard;
        incoming = port.incoming();
        outgoing = port.outgoing();
        retryNs = shard.nowNs();
        if (port.endpoint().listenerFd() >= 0) {
            arrivals = new Readiness(shard, port.endpoint().listenerFd());
        }
        adopt(port.socket());
        shard.addTask(this);
    }

    private void adopt(@Nullable UnixSocket peer) {
        socket = peer;
        if (peer != null) {
            readiness = new Readiness(shard, peer.fd().number());
        }
    }

    FrameSink openTransmit() {
        users++;
        return new Transmitting();
    }

    FrameSource openReceive(FrameSink into) {
        users++;
        return new Receiving(into);
    }

    /** Whether it is this shard's; a queue pair belongs to one. */
    @SuppressWarnings("ReferenceEquality")
    boolean isOn(ShardContext other) {
        return shard == other;
    }

    private void closed() {
        users--;
        if (users > 0) {
            return;
        }
        shard.removeTask(this);
        if (readiness != null) {
            readiness.close();
        }
        if (arrivals != null) {
            arrivals.close();
        }
        port.ended();
    }

    @Override
    public int poll(int budget) {
        Readiness ready = readiness;
        if (socket == null || ready == null) {
            return search();
        }
        ready.arm();
        return ready.writable() && !outgoing.isEmpty() && write() ? 1 : 0;
    }

    // ---- finding a peer: seldom, and so allowed to allocate ----

    private int search() {
        Readiness waiting = arrivals;
        if (waiting == null && port.reconnectMs() == 0) {
            return 0; // the one attempt was made when the port was opened
        }
        if (shard.nowNs() - retryNs < 0) {
            shard.wakeBy(retryNs);
            return 0;
        }
        if (waiting != null && !waiting.readable()) {
            waiting.arm();
            return 0;
        }
        UnixSocket peer = find();
        if (peer != null) {
            port.connected(peer);
            adopt(peer);
            return 1;
        }
        if (waiting != null) {
            waiting.awaitReadable();
        } else {
            retryLater();
        }
        return 0;
    }

    private @Nullable UnixSocket find() {
        try {
            return port.endpoint().next();
        } catch (LinuxException e) {
            // The counter tells the operator that something is wrong, the next start what it is.
            port.counters().increment(StreamCounter.CONNECT_FAILURES);
            retryLater();
            return null;
        }
    }

    private void retryLater() {
        retryNs = shard.nowNs() + port.retryMs() * NS_PER_MS;
        shard.wakeBy(retryNs);
    }

    private void lost(StreamCounter reason) {
        Readiness ready = readiness;
        readiness = null;
        socket = null;
        port.disconnected(reason);
        if (ready != null) {
            ready.close();
        }
        if (arrivals == null) {
            retryLater();
        } else {
            shard.wakeBy(shard.nowNs()); // the next peer may wait already
        }
    }

    private static StreamCounter reason(int result) {
        boolean gone = result == 0 || result == -Errno.EPIPE || result == -Errno.ECONNRESET;
        return gone ? StreamCounter.ENDED_BY_PEER : StreamCounter.ENDED_BY_ERROR;
    }

    // ---- transmit ----

    /** Writes what is in the buffer; whether all went out. */
    private boolean write() {
        UnixSocket peer = socket;
        return peer != null && wrote(outgoing.write(peer));
    }

    private boolean wrote(int result) {
        if (result == 0) {
            return true;
        }
        Readiness ready = readiness;
        if (result == -Errno.EAGAIN && ready != null) {
            port.counters().increment(StreamCounter.PARTIAL_WRITES);
            ready.awaitWritable();
        } else {
            lost(reason(result));
        }
        return false;
    }

    private final class Transmitting implements FrameSink {
        private boolean open = true;

        @Override
        public Verdict put(Frame frame) {
            if (!hasRoom()) {
                return Verdict.LATER;
            }
            // After that: making room may have found out that the peer is gone.
            UnixSocket peer = socket;
            Readiness ready = readiness;
            if (peer == null || ready == null) {
                port.counters().increment(StreamCounter.DROPPED_NO_PEER);
                return Verdict.DROPPED;
            }
            if (ready.writable() && OutgoingFrames.isLarge(frame)) {
                wrote(outgoing.writeWith(peer, frame));
            } else {
                outgoing.store(frame);
            }
            return Verdict.DONE;
        }

        @Override
        public boolean hasRoom() {
            if (socket == null || outgoing.hasRoom()) {
                return true;
            }
            flush();
            return socket == null || outgoing.hasRoom();
        }

        @Override
        public int accepts() {
            return Offload.NONE;
        }

        @Override
        public void flush() {
            Readiness ready = readiness;
            if (ready != null && ready.writable() && !outgoing.isEmpty()) {
                write();
            }
        }

        @Override
        public void close() {
            if (open) {
                open = false;
                flush();
                closed();
            }
        }
    }

    // ---- receive ----

    private final class Receiving implements FrameSource {
        private final FrameSink into;
        private boolean open = true;

        Receiving(FrameSink into) {
            this.into = into;
        }

        @Override
        public int poll(int budget) {
            UnixSocket peer = socket;
            Readiness ready = readiness;
            if (!open || peer == null || ready == null) {
                return 0;
            }
            int done = 0;
            int result = 1;
            while (true) {
                done += incoming.deliver(into, budget - done);
                if (done >= budget || incoming.hasFrame() || !ready.readable()) {
                    break;
                }
                int space = incoming.space();
                result = incoming.fill(peer);
                if (result <= 0 && result != -Errno.EAGAIN) {
                    break;
                }
                if (result < space) {
                    ready.awaitReadable(); // that was all for now
                }
            }
            finish(done, result);
            return done;
        }

        private void finish(int done, int result) {
            if (done > 0) {
                into.flush();
                int runts = incoming.takeRunts();
                if (runts > 0) {
                    port.counters().add(StreamCounter.DROPPED_RUNT, runts);
                }
            }
            if (incoming.broken()) {
                lost(StreamCounter.ENDED_BY_LENGTH);
            } else if (result <= 0 && result != -Errno.EAGAIN) {
                lost(reason(result));
            }
        }

        @Override
        public void close() {
            if (open) {
                open = false;
                closed();
            }
        }
    }
}
