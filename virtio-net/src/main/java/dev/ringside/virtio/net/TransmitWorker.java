package dev.ringside.virtio.net;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.HeadedCopies;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.BufferBurst;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.QueueWorker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Serves a transmitq: takes chains, checks their headers, puts their frames into the port's sink.
 * Confined to its shard; does not block, lock, allocate or log after it was made.
 */
final class TransmitWorker implements QueueWorker {
    /** The most bytes that one poll takes, so that giant frames do not starve other queues. */
    private static final long POLL_BYTES = 1 << 20;

    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Virtqueue queue;
    private final NetStates states;
    private final NetQueueMetrics<TransmitCounter> metrics;
    private final Counters<TransmitCounter> counters;
    private final NetTally tally = new NetTally();
    private final BufferBurst burst = new BufferBurst(QueueSetup.LEAST_BURST, false);
    private final Ranges plain = new Ranges(QueueSetup.LEAST_BURST);
    private final DescriptorChain chain;
    private final HeldFrames held;
    private final Frame frame;
    private final FrameSink sink;
    private final @Nullable Announcement announcement;
    private final int headerBytes;
    private final int offloads;

    /** Why frames are discarded now; null: they are not. */
    private @Nullable TransmitCounter discard = TransmitCounter.DISABLED;

    private boolean enabled;
    private boolean draining;

    /** A chain was taken off the ring and {@link #frame}, its own, waits for room in the port. */
    private boolean parked;

    private int parkedHead;

    /** What this poll has taken. */
    private long bytes;

    TransmitWorker(
            Virtqueue queue,
            QueueSetup setup,
            NetQueueMetrics<TransmitCounter> metrics,
            FrameSink sink,
            @Nullable Announcement announcement) {
        this.queue = queue;
        this.announcement = announcement;
        this.sink = sink;
        this.metrics = metrics;
        states = setup.states();
        counters = metrics.counters();
        chain = new DescriptorChain(queue.maxChainEntries());
        held = new HeldFrames(queue, setup.shard());
        frame = new Frame(held, queue.maxChainEntries());
        long features = states.get().features();
        headerBytes = NetFeature.headerBytes(features);
        offloads = NetFeature.transmitOffloads(features);
        if (sink.readsFrames()) {
            queue.fetchAhead(QueueSetup.BYTES_AHEAD, false);
        }
        if (announcement != null) {
            announcement.sendBy(setup.shard().doorbell());
        }
    }

    @Override
    public int poll(int budget) {
        discard = whyDiscard(states.get());
        held.settle();
        int taken = 0;
        if (budget > 0) {
            if (parked) {
                parked = false;
                settle(parkedHead, discard == null ? forward(parkedHead) : drop(discard));
            }
            taken = takeAll(budget);
        } else {
            unpark();
        }
        if (announcement != null && discard != TransmitCounter.LINK_DOWN) {
            announcement.poll(sink);
        }
        sink.flush();
        if (budget > 0) {
            metrics.fill(queue.pending());
        }
        return taken;
    }

    @Override
    public void afterPublish() {
        tally.moveTo(
                counters, TransmitCounter.PACKETS, TransmitCounter.BYTES, TransmitCounter::size);
    }

    private @Nullable TransmitCounter whyDiscard(NetState state) {
        if (!enabled) {
            return TransmitCounter.DISABLED;
        }
        return state.link().switchedOn() ? null : TransmitCounter.LINK_DOWN;
    }

    private int takeAll(int budget) {
        int taken = 0;
        int more = 1;
        bytes = 0;
        while (more > 0 && taken < budget && goesOn() && queue.pending() > 0) {
            more = queue.nextBuffers(burst, budget - taken) > 0 ? takeBurst() : takeOne();
            taken += more;
        }
        return taken;
    }

    private boolean goesOn() {
        return bytes < POLL_BYTES && !parked && !draining;
    }

    /** Puts the frames of a burst, one chain each, and gives back what it does not come to. */
    private int takeBurst() {
        int count = burst.count();
        boolean asks = discard == null && sink.takesPlain();
        int i = 0;
        while (i < count && goesOn()) {
            int done = asks ? putPlain(i) : 0;
            if (done == 0) {
                // Who takes none of some now is not asked for each of the others again.
                asks = asks && plain.count() == 0;
                done = 1;
                if (!put(i)) {
                    burst.keep(i);
                }
            }
            i += done;
        }
        queue.settleBuffers(burst, i);
        return i;
    }

    /** Puts those frames of a burst, from one on, that ask for nothing; how many were taken. */
    private int putPlain(int first) {
        plain.begin(burst.buffers().segment());
        collectPlain(first);
        int done = plain.count() == 0 ? 0 : sink.putPlain(plain);
        for (int i = 0; i < done; i++) {
            tally.passed(plain.length(i));
            bytes += plain.length(i);
        }
        return done;
    }

    /** A loop of its own, so that what is the same for all of them is looked up once. */
    private void collectPlain(int first) {
        Ranges buffers = burst.buffers();
        MemorySegment segment = buffers.segment();
        int skip = headerBytes;
        int count = buffers.count() - first;
        int i = 0;
        for (; i < count; i++) {
            long offset = buffers.offset(first + i);
            int length = buffers.length(first + i) - skip;
            if (length < Frame.MIN_BYTES
                    || length > HeadedCopies.MOST_BYTES
                    || !TransmitHeader.asksNothing(segment.get(LONG, offset))) {
                break;
            }
            plain.set(i, offset + skip, length);
        }
        plain.setCount(i);
    }

    /** Puts the frame of a burst's chain; whether that is to be completed. */
    private boolean put(int i) {
        Ranges buffers = burst.buffers();
        int length = buffers.length(i);
        bytes += length;
        TransmitCounter reason = whyNot(length);
        if (reason == null) {
            reason = fill(buffers.segment(), buffers.offset(i), length);
        }
        return reason == null ? forward(burst.head(i)) : drop(reason);
    }

    private int takeOne() {
        if (!queue.next(chain)) {
            return 0;
        }
        bytes += chain.readableBytes();
        TransmitCounter reason = whyNot(chain.readableBytes());
        if (reason == null) {
            reason = fill(chain);
        }
        settle(chain.head(), reason == null ? forward(chain.head()) : drop(reason));
        return 1;
    }

    /** Why a chain of so many bytes is dropped unseen; null: it is not. */
    private @Nullable TransmitCounter whyNot(long chainBytes) {
        if (discard != null) {
            return discard;
        }
        long length = chainBytes - headerBytes;
        if (length < Frame.MIN_BYTES) {
            return TransmitCounter.TOO_SHORT;
        }
        return length > Frame.MAX_BYTES ? TransmitCounter.TOO_LONG : null;
    }

    /** Makes the frame of a buffer's bytes; answers why it must be dropped, or null. */
    private @Nullable TransmitCounter fill(MemorySegment segment, long offset, int length) {
        long word = segment.get(LONG, offset);
        frame.clear();
        frame.add(segment, offset + headerBytes, length - headerBytes);
        return TransmitHeader.asksNothing(word)
                ? null
                : TransmitHeader.apply(
                        frame,
                        word,
                        Short.toUnsignedInt(
                                segment.get(SHORT, offset + NetSpec.HEADER_CSUM_OFFSET)),
                        offloads);
    }

    /** Makes the frame of a chain's bytes; answers why it must be dropped, or null. */
    private @Nullable TransmitCounter fill(DescriptorChain from) {
        long word = from.readLong(0);
        frame.clear();
        fillBehindHeader();
        if (TransmitHeader.asksNothing(word)) {
            return null;
        }
        int checksumOffset =
                Byte.toUnsignedInt(from.readByte(NetSpec.HEADER_CSUM_OFFSET))
                        | Byte.toUnsignedInt(from.readByte(NetSpec.HEADER_CSUM_OFFSET + 1))
                                << Byte.SIZE;
        return TransmitHeader.apply(frame, word, checksumOffset, offloads);
    }

    /** The header fills the first buffer, and perhaps goes on in others. */
    private void fillBehindHeader() {
        int skip = headerBytes;
        for (int i = 0; i < chain.readableCount(); i++) {
            int length = chain.length(i);
            if (skip >= length) {
                skip -= length;
            } else {
                frame.add(chain.segment(i), chain.offset(i) + skip, length - skip);
                skip = 0;
            }
        }
    }

    /** Puts the frame, which is a chain's; whether that is to be completed. */
    private boolean forward(int head) {
        held.setCurrent(head);
        int length = frame.length();
        Verdict verdict = sink.put(frame);
        if (verdict == Verdict.DONE) {
            tally.passed(length);
            return true;
        }
        return switch (verdict) {
            case LATER -> {
                parked = true;
                parkedHead = head;
                counters.increment(TransmitCounter.WAITS);
                yield false;
            }
            case HELD -> {
                tally.passed(length);
                yield !held.holds(head);
            }
            case DONE, DROPPED -> drop(TransmitCounter.PORT);
        };
    }

    /** Counts a frame that is dropped: its chain is to be completed. */
    private boolean drop(TransmitCounter reason) {
        counters.increment(reason);
        return true;
    }

    private void settle(int head, boolean done) {
        if (done) {
            queue.complete(head, 0);
        }
    }

    private void unpark() {
        if (parked) {
            parked = false;
            queue.giveBack(parkedHead);
        }
    }

    @Override
    public int leastBurst() {
        return QueueSetup.LEAST_BURST;
    }

    @Override
    public void beginDrain() {
        draining = true;
        unpark();
    }

    @Override
    public boolean drained() {
        return !parked && held.isEmpty();
    }

    @Override
    public boolean remap(GuestMemory memory) {
        draining = false;
        return queue.remap(memory);
    }

    @Override
    public Virtqueue stop() {
        if (!drained()) {
            throw new IllegalStateException(
                    "queue " + queue.index() + " stopped with frames that are held or wait");
        }
        draining = true;
        if (announcement != null) {
            announcement.sendBy(null);
        }
        sink.close();
        afterPublish();
        metrics.fill(0);
        chain.clear();
        burst.clear();
        plain.begin(MemorySegment.NULL);
        frame.forget();
        held.forget();
        return queue;
    }

    @Override
    public Virtqueue queue() {
        return queue;
    }

    /** While a frame waits for the port, chains that lie ready are nothing to do. */
    @Override
    public boolean wantsKicks() {
        return !parked;
    }

    @Override
    public boolean hasWork() {
        return held.hasReturned()
                || (announcement != null
                        && announcement.isReady()
                        && discard != TransmitCounter.LINK_DOWN
                        && queue.fault() == null);
    }

    @Override
    public void setEnabled(boolean value) {
        enabled = value;
    }

    @Override
    public boolean worksWhenDisabled() {
        return true;
    }
}
