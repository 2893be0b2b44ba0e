package dev.ringside.virtio.net;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.GuestMemory;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
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

    private final Virtqueue queue;
    private final NetStates states;
    private final NetQueueMetrics<TransmitCounter> metrics;
    private final Counters<TransmitCounter> counters;
    private final NetTally tally = new NetTally();
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

    /** {@link #chain} was taken off the ring and {@link #frame} waits for room in the port. */
    private boolean parked;

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
        held = new HeldFrames(queue, chain, setup.shard());
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
                if (discard == null) {
                    forward();
                } else {
                    drop(discard);
                }
            }
            long bytes = 0;
            while (taken < budget
                    && bytes < POLL_BYTES
                    && !parked
                    && !draining
                    && queue.next(chain)) {
                taken++;
                bytes += chain.readableBytes();
                take();
            }
            metrics.fill(queue.pending());
        } else {
            unpark();
        }
        if (announcement != null && discard != TransmitCounter.LINK_DOWN) {
            announcement.poll(sink);
        }
        sink.flush();
        tally.moveTo(
                counters, TransmitCounter.PACKETS, TransmitCounter.BYTES, TransmitCounter::size);
        return taken;
    }

    private @Nullable TransmitCounter whyDiscard(NetState state) {
        if (!enabled) {
            return TransmitCounter.DISABLED;
        }
        return state.link().switchedOn() ? null : TransmitCounter.LINK_DOWN;
    }

    /** Takes the chain apart, and puts its frame. */
    private void take() {
        long length = chain.readableBytes() - headerBytes;
        TransmitCounter reason = discard;
        if (reason == null) {
            if (length < Frame.MIN_BYTES) {
                reason = TransmitCounter.TOO_SHORT;
            } else if (length > Frame.MAX_BYTES) {
                reason = TransmitCounter.TOO_LONG;
            } else {
                reason = fill();
            }
        }
        if (reason == null) {
            forward();
        } else {
            drop(reason);
        }
    }

    /** Makes the frame of the chain's bytes; answers why it must be dropped, or null. */
    private @Nullable TransmitCounter fill() {
        DescriptorChain from = chain;
        Frame into = frame;
        into.clear();
        MemorySegment segment = from.segment(0);
        long offset = from.offset(0);
        int length = from.length(0);
        long word;
        if (length > headerBytes) {
            word = segment.get(LONG, offset);
            into.add(segment, offset + headerBytes, length - headerBytes);
            for (int i = 1; i < from.readableCount(); i++) {
                into.add(from.segment(i), from.offset(i), from.length(i));
            }
        } else {
            word = from.readLong(0);
            fillBehindHeader();
        }
        if (TransmitHeader.asksNothing(word)) {
            return null;
        }
        int checksumOffset =
                Byte.toUnsignedInt(from.readByte(NetSpec.HEADER_CSUM_OFFSET))
                        | Byte.toUnsignedInt(from.readByte(NetSpec.HEADER_CSUM_OFFSET + 1))
                                << Byte.SIZE;
        return TransmitHeader.apply(into, word, checksumOffset, offloads);
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

    /** Puts the frame of the chain. */
    private void forward() {
        int length = frame.length();
        Verdict verdict = sink.put(frame);
        if (verdict == Verdict.DONE) {
            tally.passed(length);
            queue.complete(chain.head(), 0);
            return;
        }
        switch (verdict) {
            case LATER -> {
                parked = true;
                counters.increment(TransmitCounter.WAITS);
            }
            case HELD -> {
                tally.passed(length);
                if (!held.holds(chain.head())) {
                    queue.complete(chain.head(), 0);
                }
            }
            case DONE, DROPPED -> drop(TransmitCounter.PORT);
        }
    }

    private void drop(TransmitCounter reason) {
        counters.increment(reason);
        queue.complete(chain.head(), 0);
    }

    private void unpark() {
        if (parked) {
            parked = false;
            queue.giveBack(chain.head());
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
        metrics.fill(0);
        chain.clear();
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
