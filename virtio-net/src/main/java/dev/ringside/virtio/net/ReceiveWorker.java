package dev.ringside.virtio.net;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.GuestMemory;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Serves a receiveq: has the port's source put frames here, and writes them to the driver's
 * buffers. A source may put at any time on the shard. Confined to its shard; does not block, lock,
 * allocate or log after it was made, but for the port being opened anew when the driver chooses
 * other offloads.
 */
final class ReceiveWorker implements QueueWorker, FrameSink {
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfLong BIG_LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort BIG_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int ETHERTYPE_VLAN = 0x8100;

    /** An Ethernet header and the number in a VLAN tag. */
    private static final int START_BYTES = 16;

    private final Virtqueue queue;
    private final ShardContext shard;
    private final NetStates states;
    private final PacketPort port;
    private final int pair;
    private final NetQueueMetrics<ReceiveCounter> metrics;
    private final Counters<ReceiveCounter> counters;
    private final NetTally tally = new NetTally();
    private final DescriptorChain chain;
    private final ReceiveWindow window;
    private final ReceiveHeader headers = new ReceiveHeader();
    private final MemorySegment header = MemorySegment.ofArray(new byte[NetSpec.HASH_HEADER_BYTES]);
    private final MemorySegment start = MemorySegment.ofArray(new byte[START_BYTES]);
    private final int headerBytes;
    private final boolean mergeable;
    private final boolean mtuTold;

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

    private boolean enabled;
    private boolean draining;

    /** Somebody was told to come back later: buffers are wanted. */
    private boolean waitedFor;

    /** Chains completed since the last poll ended. */
    private int delivered;

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
        counters = metrics.counters();
        chain = new DescriptorChain(queue.maxChainEntries());
        window = new ReceiveWindow(queue);
        state = states.get();
        headerBytes = NetFeature.headerBytes(state.features());
        mergeable = state.has(NetSpec.VIRTIO_NET_F_MRG_RXBUF);
        mtuTold = state.has(NetSpec.VIRTIO_NET_F_MTU);
        offloads = NetFeature.receiveOffloads(state.reception().guestOffloads());
        see(state);
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
            adopt(now);
        }
        if (budget > 0) {
            if (waitedFor && queue.pending() != 0) {
                // Whoever waits gets a turn before the shard may sleep.
                waitedFor = false;
                shard.wakeBy(shard.nowNs());
            }
            source.poll(budget);
            metrics.fill(queue.pending());
        } else {
            window.giveBack();
        }
        if (!tally.isEmpty()) {
            count();
        }
        int result = delivered;
        delivered = 0;
        return result;
    }

    private void adopt(NetState now) {
        boolean wasInUse = inUse();
        state = now;
        see(now);
        if (inUse() != wasInUse) {
            source.setEnabled(enabled && inUse());
        }
        int accepted = NetFeature.receiveOffloads(now.reception().guestOffloads());
        if (accepted != offloads) {
            closeSource();
            offloads = accepted;
            source = openSource();
            source.setEnabled(enabled && inUse());
        }
    }

    /** Whether the driver uses this pair. */
    private boolean inUse() {
        return pair < state.reception().pairs();
    }

    private void see(NetState now) {
        longestPlain =
                mtuTold ? now.link().mtu() + NetSpec.LOW_LEVEL_HEADER_BYTES : Frame.MAX_BYTES;
        Reception reception = now.reception();
        filter =
                reception.controlled() && !reception.filter().passesAll()
                        ? reception.filter()
                        : null;
        if (!enabled || draining) {
            discard = ReceiveCounter.CLOSED;
        } else {
            discard = now.link().switchedOn() ? null : ReceiveCounter.LINK_DOWN;
        }
    }

    @Override
    public Verdict put(Frame frame) {
        int length = frame.length();
        if (discard != null) {
            return drop(discard);
        }
        if (length > longestPlain && frame.gsoType() == Frame.GSO_NONE) {
            return drop(ReceiveCounter.TOO_LONG);
        }
        if (filter != null && !wanted(frame, filter)) {
            return drop(ReceiveCounter.FILTERED);
        }
        int total = headerBytes + length;
        if (window.chains() != 0 || !queue.next(chain)) {
            return gather(frame, total);
        }
        int first = chain.readableCount();
        if (chain.writableBytes() == 0
                || chain.length(first) < total
                || headerBytes != NetSpec.HEADER_BYTES) {
            window.add(chain);
            return gather(frame, total);
        }
        writeTo(chain.segment(first), chain.offset(first), frame, length);
        queue.complete(chain.head(), total);
        delivered++;
        tally.passed(length);
        return Verdict.DONE;
    }

    private boolean wanted(Frame frame, ReceiveFilter by) {
        if (frame.length() < Frame.MIN_BYTES) {
            return true;
        }
        frame.copyTo(0, start, 0, Math.min(frame.length(), START_BYTES));
        long destination = start.get(BIG_LONG, 0) >>> Short.SIZE;
        int type = Short.toUnsignedInt(start.get(BIG_SHORT, 12));
        boolean tagged = type == ETHERTYPE_VLAN && frame.length() >= START_BYTES;
        int vlan = tagged ? start.get(BIG_SHORT, 14) & 0xfff : -1;
        return by.passes(destination, vlan, state.link().mac());
    }

    /** The common case: everything goes to one place. */
    private void writeTo(MemorySegment into, long at, Frame frame, int length) {
        into.set(LONG, at, headers.firstWord(frame, offloads != Offload.NONE));
        into.set(INT, at + Long.BYTES, lastWord(frame, 1));
        if (frame.headBytes() == 0 && frame.extents() == 1) {
            MemorySegment.copy(
                    frame.segment(0), frame.offset(0), into, at + NetSpec.HEADER_BYTES, length);
        } else {
            frame.copyTo(0, into, at + NetSpec.HEADER_BYTES, length);
        }
    }

    /** {@code csum_offset} and {@code num_buffers}. */
    private static int lastWord(Frame frame, int buffers) {
        return buffers << Short.SIZE | (frame.checksumNeeded() ? frame.checksumOffset() : 0);
    }

    /** Takes chains until there is room for so many bytes, then writes them. */
    private Verdict gather(Frame frame, int total) {
        while (window.bytes() < total || window.firstBytes() < headerBytes) {
            if (window.chains() != 0 && window.firstBytes() < headerBytes) {
                window.completeFirstEmpty();
                counters.increment(ReceiveCounter.BAD_BUFFERS);
                delivered++;
                continue;
            }
            if (!mergeable && window.chains() != 0) {
                return drop(ReceiveCounter.BUFFER_TOO_SMALL);
            }
            if (!queue.next(chain)) {
                return shortOfBuffers();
            }
            if (!window.add(chain)) {
                queue.giveBack(chain.head());
                return drop(ReceiveCounter.BUFFERS_TOO_MANY);
            }
        }
        int buffers = window.chainsFor(total);
        header.set(LONG, 0, headers.firstWord(frame, offloads != Offload.NONE));
        header.set(INT, Long.BYTES, lastWord(frame, buffers));
        window.deliver(header, headerBytes, frame);
        delivered += buffers;
        tally.passed(frame.length());
        return Verdict.DONE;
    }

    private Verdict shortOfBuffers() {
        if (queue.fault() != null) {
            return drop(ReceiveCounter.CLOSED);
        }
        if (window.chains() == queue.size()) {
            return drop(ReceiveCounter.BUFFERS_TOO_MANY);
        }
        expectBuffers();
        return Verdict.LATER;
    }

    private void expectBuffers() {
        if (!waitedFor) {
            waitedFor = true;
            counters.increment(ReceiveCounter.WAITS);
        }
    }

    private Verdict drop(ReceiveCounter reason) {
        counters.increment(reason);
        return Verdict.DROPPED;
    }

    /** True also with a window that was too small for one frame: another may fit. */
    @Override
    public boolean hasRoom() {
        if (discard != null
                || window.chains() != 0
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

    private void count() {
        counters.add(ReceiveCounter.PACKETS, tally.packets());
        counters.add(ReceiveCounter.BYTES, tally.bytes());
        for (int i = 0; i < NetFamily.SIZE_BUCKETS; i++) {
            if (tally.size(i) != 0) {
                counters.add(ReceiveCounter.size(i), tally.size(i));
            }
        }
        tally.clear();
    }

    @Override
    public void beginDrain() {
        draining = true;
        see(state);
        window.giveBack();
    }

    @Override
    public boolean drained() {
        return window.chains() == 0;
    }

    @Override
    public boolean remap(GuestMemory memory) {
        draining = false;
        see(state);
        return queue.remap(memory);
    }

    @Override
    public Virtqueue stop() {
        if (!drained()) {
            throw new IllegalStateException(
                    "queue " + queue.index() + " stopped with buffers that were not given back");
        }
        draining = true;
        see(state);
        closeSource();
        count();
        metrics.fill(0);
        chain.clear();
        window.forget();
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
        return source.hasWork();
    }

    @Override
    public void setEnabled(boolean value) {
        enabled = value;
        see(state);
        source.setEnabled(value && inUse());
    }
}
