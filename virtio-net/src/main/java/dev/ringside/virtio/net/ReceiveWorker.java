package dev.ringside.virtio.net;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Serves a receiveq: has the port's source put frames here, and writes them to the driver's
 * buffers. A source may put at any time on the shard. Confined to its shard; does not block, lock,
 * allocate or log after it was made, but when the driver chooses other offloads or hashes.
 */
final class ReceiveWorker implements QueueWorker, FrameSink {
    /** How long a frame of another pair's may wait here: as long as in a switch. */
    private static final long PATIENCE_NS = 10_000_000;

    private final Virtqueue queue;
    private final ShardContext shard;
    private final NetStates states;
    private final List<ReceiveInbox> inboxes;
    private final ReceiveInbox inbox;
    private final PacketPort port;
    private final int pair;
    private final NetQueueMetrics<ReceiveCounter> metrics;
    private final Counters<ReceiveCounter> counters;
    private final NetTally tally = new NetTally();
    private final ReceiveBuffers buffers;
    private final FrameStart start = new FrameStart();

    private NetState state;
    private FrameSink into;
    private FrameSource source;
    private int offloads;

    /** Longest frame that need not be segmented. */
    private int longestPlain;

    /** Why frames are dropped now; null: they are not. */
    private @Nullable ReceiveCounter discard = ReceiveCounter.CLOSED;

    /** What the driver wants to receive; null: everything. */
    private @Nullable ReceiveFilter filter;

    /** How the driver wants frames hashed; null: not at all. */
    private @Nullable ReceiveHash hash;

    private boolean inUse;
    private Runnable publish = () -> {};

    /** Whether frames are chosen, hashed or handed to other pairs before they are written. */
    private boolean sorts;

    private boolean enabled;
    private boolean draining;

    /** Somebody was told to come back later: buffers are wanted. */
    private boolean waitedFor;

    /** Chains completed since the last poll ended. */
    private int delivered;

    /** Since when the first frame of the inbox waits; 0: it does not. */
    private long inboxWaitsSinceNs;

    ReceiveWorker(
            Virtqueue queue,
            QueueSetup setup,
            NetQueueMetrics<ReceiveCounter> metrics,
            PacketPort port,
            int pair) {
        this.queue = queue;
        this.metrics = metrics;
        this.port = port;
        this.pair = pair;
        shard = setup.shard();
        states = setup.states();
        inboxes = setup.inboxes();
        inbox = inboxes.get(pair);
        counters = metrics.counters();
        state = states.get();
        buffers = new ReceiveBuffers(queue, state.features());
        adopt();
        into = this;
        source = openSource();
    }

    private FrameSource openSource() {
        into = SoftwareOffload.around(this, metrics.offloads());
        return port.openReceive(shard, pair, into);
    }

    private void closeSource() {
        source.close();
        into.close();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // each change makes a new one
    public int poll(int budget) {
        NetState now = states.get();
        if (now != state) {
            change(now);
        }
        if (budget > 0) {
            if (waitedFor && queue.pending() != 0) {
                // Whoever waits gets a turn before the shard may sleep.
                waitedFor = false;
                shard.wakeBy(shard.nowNs());
            }
            if (!inbox.isEmpty()) {
                pollInbox(budget);
            }
            source.poll(budget);
            metrics.fill(queue.pending());
        } else {
            inbox.empty();
            buffers.giveBack();
        }
        int result = delivered + countBad();
        delivered = 0;
        return result;
    }

    private void change(NetState now) {
        boolean wasInUse = inUse;
        int before = offloads;
        state = now;
        adopt();
        if (offloads != before) {
            closeSource();
            source = openSource();
            source.setEnabled(enabled && inUse);
        } else if (inUse != wasInUse) {
            source.setEnabled(enabled && inUse);
        }
    }

    /** Takes from the device's state what is needed frame by frame. */
    private void adopt() {
        Reception reception = state.reception();
        offloads = NetFeature.receiveOffloads(reception.guestOffloads());
        buffers.sayValid(offloads != Offload.NONE);
        longestPlain =
                state.has(NetSpec.VIRTIO_NET_F_MTU)
                        ? state.link().mtu() + NetSpec.LOW_LEVEL_HEADER_BYTES
                        : Frame.MAX_BYTES;
        boolean filters = reception.controlled() && !reception.filter().passesAll();
        filter = filters ? reception.filter() : null;
        HashRules rules = reception.hash();
        if (rules == null) {
            hash = null;
        } else if (hash == null || !hash.isBy(rules)) {
            hash = new ReceiveHash(rules);
        }
        inUse = pair < reception.pairs();
        sorts = filter != null || hash != null || !inUse;
        adoptRunning();
    }

    private void adoptRunning() {
        if (!enabled || draining) {
            discard = ReceiveCounter.CLOSED;
            inbox.shut();
        } else {
            discard = state.link().switchedOn() ? null : ReceiveCounter.LINK_DOWN;
            inbox.open(shard.doorbell());
        }
    }

    @Override
    public Verdict put(Frame frame) {
        if (discard != null) {
            return drop(discard);
        }
        if (frame.length() > longestPlain && frame.gsoType() == Frame.GSO_NONE) {
            return drop(ReceiveCounter.TOO_LONG);
        }
        return sorts ? sort(frame) : write(frame);
    }

    @Override
    public int putPlain(Ranges frames) {
        if (discard != null || sorts) {
            return 0;
        }
        int done = buffers.writePlain(frames, longestPlain);
        for (int i = 0; i < done; i++) {
            tally.passed(frames.length(i));
        }
        delivered += done;
        return done;
    }

    @Override
    public boolean takesPlain() {
        return true;
    }

    private Verdict sort(Frame frame) {
        if (filter != null && !start.passes(frame, filter, state.link().mac())) {
            return drop(ReceiveCounter.FILTERED);
        }
        return hash != null || !inUse ? steer(frame) : write(frame);
    }

    private Verdict write(Frame frame) {
        int chains = buffers.write(frame);
        if (chains <= 0) {
            return refuse(chains);
        }
        delivered += chains;
        tally.passed(frame.length());
        return Verdict.DONE;
    }

    private Verdict refuse(int why) {
        return switch (why) {
            case ReceiveBuffers.TOO_SMALL -> drop(ReceiveCounter.BUFFER_TOO_SMALL);
            case ReceiveBuffers.TOO_MANY -> drop(ReceiveCounter.BUFFERS_TOO_MANY);
            default -> {
                if (queue.fault() != null) {
                    yield drop(ReceiveCounter.CLOSED);
                }
                expectBuffers();
                yield Verdict.LATER;
            }
        };
    }

    private Verdict drop(ReceiveCounter reason) {
        counters.increment(reason);
        return Verdict.DROPPED;
    }

    private void expectBuffers() {
        if (!waitedFor) {
            waitedFor = true;
            counters.increment(ReceiveCounter.WAITS);
        }
    }

    /** Hashes a frame, and hands it to the pair that it belongs to when that is another. */
    private Verdict steer(Frame frame) {
        int pairs = Math.min(state.reception().pairs(), inboxes.size());
        int belongs = pair % pairs;
        if (hash != null) {
            writeHash(frame, hash);
            belongs = hash.pair(belongs);
        }
        return belongs == pair ? write(frame) : handOver(frame, belongs);
    }

    private void writeHash(Frame frame, ReceiveHash by) {
        by.hash(frame);
        buffers.hash(by.value(), by.report());
    }

    private Verdict handOver(Frame frame, int to) {
        Frame held = frame.hold();
        if (held == null) {
            // A source that keeps nothing: better in another queue than nowhere.
            return inUse ? write(frame) : drop(ReceiveCounter.STEERING);
        }
        if (!inboxes.get(to).offer(held)) {
            held.release();
            counters.increment(ReceiveCounter.STEERING);
        }
        return Verdict.HELD;
    }

    /** Writes what other pairs' workers handed over; waits for buffers for a bounded time. */
    private void pollInbox(int budget) {
        Frame frame;
        for (int i = 0; i < budget && (frame = inbox.first()) != null; i++) {
            if (hash != null) {
                writeHash(frame, hash);
            }
            if (discard != null) {
                drop(discard);
            } else if (write(frame) == Verdict.LATER && mayWait()) {
                return;
            }
            inboxWaitsSinceNs = 0;
            inbox.releaseFirst();
        }
    }

    private boolean mayWait() {
        long now = shard.nowNs();
        if (inboxWaitsSinceNs == 0) {
            inboxWaitsSinceNs = now;
        }
        if (now - inboxWaitsSinceNs >= PATIENCE_NS) {
            drop(ReceiveCounter.STEERING);
            return false;
        }
        shard.wakeBy(inboxWaitsSinceNs + PATIENCE_NS);
        return true;
    }

    /** True also with buffers that were too few for one frame: another may fit. */
    @Override
    public boolean hasRoom() {
        if (discard != null
                || buffers.holdsAny()
                || queue.pending() != 0
                || queue.fault() != null) {
            return true;
        }
        expectBuffers();
        return false;
    }

    @Override
    public int accepts() {
        return offloads;
    }

    private int countBad() {
        int bad = buffers.takeBadBuffers();
        if (bad != 0) {
            counters.add(ReceiveCounter.BAD_BUFFERS, bad);
        }
        return bad;
    }

    @Override
    public void afterPublish() {
        tally.moveTo(counters, ReceiveCounter.PACKETS, ReceiveCounter.BYTES, ReceiveCounter::size);
    }

    @Override
    public void publishBy(Runnable value) {
        publish = value;
    }

    /** The driver has its frames before the queue that they came from is done with. */
    @Override
    public void flush() {
        publish.run();
    }

    @Override
    public int leastBurst() {
        return QueueSetup.LEAST_BURST;
    }

    @Override
    public void beginDrain() {
        draining = true;
        adoptRunning();
        buffers.giveBack();
    }

    @Override
    public boolean drained() {
        return !buffers.holdsAny();
    }

    @Override
    public boolean remap(GuestMemory memory) {
        draining = false;
        adoptRunning();
        return queue.remap(memory);
    }

    @Override
    public Virtqueue stop() {
        if (!drained()) {
            throw new IllegalStateException(
                    "queue " + queue.index() + " stopped with buffers that were not given back");
        }
        draining = true;
        adoptRunning();
        closeSource();
        countBad();
        afterPublish();
        metrics.fill(0);
        buffers.forget();
        if (hash != null) {
            hash.forget();
        }
        return queue;
    }

    @Override
    public Virtqueue queue() {
        return queue;
    }

    /** Buffers are something to do only when somebody waits for them. */
    @Override
    public boolean wantsKicks() {
        return waitedFor;
    }

    @Override
    public boolean hasWork() {
        return (!waitedFor && !inbox.isEmpty()) || source.hasWork();
    }

    @Override
    public void setEnabled(boolean value) {
        enabled = value;
        adoptRunning();
        source.setEnabled(value && inUse);
    }
}
