package dev.ringside.virtio.net.port.tap;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.Errno;
import dev.ringside.shm.Tap;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.FramePool;
import dev.ringside.virtio.net.port.host.HostCounter;
import dev.ringside.virtio.net.port.host.RingPoll;
import dev.ringside.virtio.net.port.host.VnetHeader;
import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;

/**
 * Reads frames from one queue of an interface. What the sink has no room for stays in the kernel's
 * queue; when that is empty, a poll in the shard's ring tells when it is not, and until then
 * nothing is called.
 */
final class TapSource implements FrameSource {
    /** So often is asked for an interface that was deleted. */
    private static final long RETRY_NS = 1_000_000_000L;

    private final TapPort port;
    private final ShardContext shard;
    private final Tap tap;
    private final int queue;
    private final FrameSink into;
    private final int accepts;
    private final Counters<HostCounter> counters;
    private final FramePool pool;
    private final RingPoll arrival;
    private final Doorbell doorbell;
    private final int headerBytes;
    // The interface makes what this sink accepts, and the queue has its share.
    private volatile boolean ready;
    private volatile boolean enabled = true;
    private volatile boolean closed;
    private volatile boolean back;
    private boolean seenReady;
    private boolean pending;
    private boolean gone;
    private long askAgainNs;

    TapSource(
            TapPort port,
            ShardContext shard,
            int queue,
            FrameSink into,
            FramePool pool,
            Counters<HostCounter> counters) {
        this.port = port;
        this.shard = shard;
        this.tap = port.tap();
        this.queue = queue;
        // Frames that were queued for a guest before may need what this one does not accept.
        this.into = SoftwareOffload.around(into, port.offloadCounters(queue));
        this.pool = pool;
        this.counters = counters;
        accepts = into.accepts();
        headerBytes = tap.headerBytes();
        doorbell = shard.doorbell();
        arrival = new RingPoll(shard, RingPoll.IN);
    }

    /** Control thread: what the sink accepts is what comes; frames may be read. */
    void makeReady() {
        if (!ready) {
            ready = true;
            doorbell.ring();
        }
    }

    /** Control thread: the interface was deleted, and another of its name is open now. */
    void cameBack() {
        back = true;
        doorbell.ring();
    }

    /** Whether it shall have its share of the traffic. Any thread. */
    boolean wanted() {
        return enabled && !closed;
    }

    int accepts() {
        return accepts;
    }

    @Override
    public int poll(int budget) {
        if (arrival.armed() || closed) {
            return 0;
        }
        if (!seenReady) {
            if (!ready) {
                return 0;
            }
            seenReady = true;
        }
        if (gone && !isBack()) {
            return 0;
        }
        int count = 0;
        while (count < budget && next()) {
            count++;
        }
        if (count > 0) {
            into.flush();
        }
        return count;
    }

    /** Whether the interface that was deleted is there again; asks for it once a second. */
    private boolean isBack() {
        if (back) {
            back = false;
            gone = false;
            return true;
        }
        if (shard.nowNs() - askAgainNs >= 0) {
            askAgainNs = shard.nowNs() + RETRY_NS;
            port.lookForAnother();
        }
        shard.wakeBy(askAgainNs);
        return false;
    }

    /** Whether one more frame was put, or dropped. */
    private boolean next() {
        if (!into.hasRoom()) {
            return false;
        }
        if (!pending && !read()) {
            return false;
        }
        Frame frame = pool.current();
        int length = frame.length();
        Verdict verdict = into.put(frame);
        pending = verdict == Verdict.LATER;
        if (pending) {
            return false;
        }
        pool.takeHeld();
        if (verdict == Verdict.DROPPED) {
            counters.increment(HostCounter.SINK);
        } else {
            counters.increment(HostCounter.RECEIVED);
            counters.add(HostCounter.RECEIVED_BYTES, length);
        }
        return true;
    }

    /** Whether a frame was read that can be put. */
    private boolean read() {
        while (!gone) {
            long address = pool.frameAddress() - headerBytes;
            int result = tap.read(queue, address, headerBytes + FramePool.MAX_FRAME_BYTES);
            counters.increment(HostCounter.READS);
            if (result < 0) {
                onNothing(result);
                return false;
            }
            if (accept(result - headerBytes)) {
                return true;
            }
        }
        return false;
    }

    private void onNothing(int result) {
        if (result != -Errno.EAGAIN) {
            counters.increment(HostCounter.READ_ERRORS);
            // Its descriptors are of no more use, and a poll of them would fire at once.
            gone = result == -Errno.EBADFD || result == -Errno.EBADF;
            askAgainNs = shard.nowNs();
            back = false;
        }
        if (!gone) {
            counters.increment(HostCounter.RECEIVE_WAITS);
            arrival.arm(tap.fd(queue));
        }
    }

    private boolean accept(int length) {
        if (length < Frame.MIN_BYTES) {
            counters.increment(HostCounter.BAD_HEADER);
            return false;
        }
        Frame frame = pool.fill(length);
        if (headerBytes > 0
                && !VnetHeader.read(pool.memory(), pool.frameOffset() - headerBytes, frame)) {
            counters.increment(HostCounter.BAD_HEADER);
            return false;
        }
        return true;
    }

    @Override
    public boolean hasWork() {
        return enabled && !closed && ((ready && !seenReady) || back);
    }

    @Override
    public void setEnabled(boolean value) {
        if (enabled != value) {
            enabled = value;
            port.changed();
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            arrival.close();
            port.left(this, queue);
        }
    }
}
