package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of a split virtqueue (virtio 1.3, section 2.7), with indirect descriptors,
 * EVENT_IDX and IN_ORDER. Serves modern drivers and little-endian legacy ones.
 *
 * <p>All indices are 16-bit counters that wrap; every difference is taken modulo 2^16.
 */
public final class SplitVirtqueue extends RingQueue {
    private static final int INDEX_MASK = 0xffff;
    private static final int NOT_IN_FLIGHT = -1;

    private final int slotMask;
    private final SplitRing ring;
    private final SplitChainWalker walker;

    private final @Nullable SplitInflight inflight;
    private final Resumption resumption;
    private final AvailableChains ahead = new AvailableChains();
    private @Nullable BuffersAhead buffersAhead;

    /** By head: the slot of the available ring where its chain was taken; or not in flight. */
    private final int[] slots;

    /** By slot: used entries, which the ring gets when they are published. */
    private final long[] usedEntries;

    /** Available index of the next chain to take, and the driver's when last seen. */
    private int nextAvailable;

    private int seenAvailable;

    /** Used index of the next entry to write, and what the driver was shown. */
    private int nextUsed;

    private int publishedUsed;

    /** Chains to take first; null: the ring tells all heads. */
    private @Nullable SplitReplay replay;

    private SplitVirtqueue(
            RingLayout layout,
            int base,
            long features,
            SplitRing ring,
            GuestMemory memory,
            @Nullable SplitInflight inflight) {
        super(layout, features);
        this.slotMask = size - 1;
        this.ring = ring;
        boolean indirect = (features & VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC) != 0;
        this.walker = new SplitChainWalker(size, indirect, ring.descriptors(), memory, io);
        this.slots = new int[size];
        Arrays.fill(slots, NOT_IN_FLIGHT);
        this.usedEntries = new long[size];
        this.nextUsed = ring.usedIndex();
        this.publishedUsed = nextUsed;
        this.inflight = inflight;
        this.resumption = inflight == null ? resume(base) : recover(inflight);
        this.tracked = isTracked();
    }

    /**
     * Without notes: in order, everything before the used index was done and nothing behind it,
     * whatever the front-end thinks. Else the front-end's word is all there is.
     */
    private Resumption resume(int base) {
        nextAvailable = base;
        seenAvailable = base;
        int left = outstanding();
        if (left > size) {
            fail(RingFault.AVAILABLE_INDEX);
            return Resumption.CLEAN;
        }
        if (order != null) {
            nextAvailable = publishedUsed;
            seenAvailable = publishedUsed;
            return Resumption.CLEAN;
        }
        return new Resumption(false, 0, left);
    }

    /** With notes: what was in flight comes first, then what follows it on the available ring. */
    private Resumption recover(SplitInflight notes) {
        nextAvailable = publishedUsed;
        seenAvailable = publishedUsed;
        int[] heads = notes.recover(publishedUsed);
        int offered = (ring.acquireAvailableIndex() - publishedUsed) & INDEX_MASK;
        if (offered > size) {
            fail(RingFault.AVAILABLE_INDEX);
            return Resumption.CLEAN;
        }
        if (heads == null || heads.length > offered) {
            fail(RingFault.INFLIGHT_REGION);
            return Resumption.CLEAN;
        }
        if (heads.length > 0) {
            replay = new SplitReplay(heads, publishedUsed);
            seenAvailable = (publishedUsed + heads.length) & INDEX_MASK;
        }
        return new Resumption(true, heads.length, 0);
    }

    /** Without an in-flight region. */
    public static SplitVirtqueue create(
            RingLayout layout, int base, long features, GuestMemory memory)
            throws InvalidRingException {
        return create(layout, base, features, memory, null);
    }

    /**
     * A queue that goes on where another one ended, or was ended. The used index is the ring's:
     * when it contradicts the base or the in-flight region, the queue is made but has a {@link
     * #fault()}. How it goes on: {@link #resumption()}.
     *
     * @param layout where it lies
     * @param base available index of the first chain to take: 0, or from SET_VRING_BASE. Only
     *     believed when there is neither an in-flight region nor VIRTIO_F_IN_ORDER
     * @param features what was negotiated
     * @param memory where the ring and its buffers are
     * @param region where the device notes what is in flight; null: nowhere. One that does not
     *     cover the queue is as none
     * @throws InvalidRingException when the size is no power of two up to 32768, the base has more
     *     than 16 bits, an area is misaligned, not within one region or overlaps another, the
     *     features ask for a packed ring, or the in-flight region is not for such a ring
     */
    public static SplitVirtqueue create(
            RingLayout layout,
            int base,
            long features,
            GuestMemory memory,
            @Nullable InflightRegion region)
            throws InvalidRingException {
        if ((features & VirtioSpec.VIRTIO_F_RING_PACKED) != 0) {
            throw new InvalidRingException(
                    "queue %d: VIRTIO_F_RING_PACKED is negotiated, this is a split ring"
                            .formatted(layout.index()));
        }
        if (base < 0 || base > INDEX_MASK) {
            throw new InvalidRingException(
                    "queue %d: base %d is not in 0..65535".formatted(layout.index(), base));
        }
        boolean eventIdx = (features & VirtioSpec.VIRTIO_RING_F_EVENT_IDX) != 0;
        SplitRing ring = SplitRing.create(layout, eventIdx, memory);
        SplitInflight inflight =
                region == null || !region.covers(layout.index())
                        ? null
                        : SplitInflight.open(region, layout.index(), layout.size());
        return new SplitVirtqueue(layout, base, features, ring, memory, inflight);
    }

    @Override
    boolean isTracked() {
        return super.isTracked() || inflight != null;
    }

    @Override
    public boolean next(DescriptorChain chain) {
        // A fault leaves nothing seen, so that the common path need not ask for it.
        if (ahead.isLow() && !lookAhead()) {
            return false;
        }
        int head = ahead.head();
        if (head >= size) {
            fail(RingFault.HEAD_INDEX);
            return false;
        }
        if (slots[head] != NOT_IN_FLIGHT) {
            fail(RingFault.HEAD_IN_FLIGHT);
            return false;
        }
        RingFault broken = walker.walk(head, ahead.address(), ahead.meta(), chain);
        if ((broken != null || tracked) && !admit(head, chain, broken)) {
            chain.clear();
            return false;
        }
        ahead.advance();
        slots[head] = nextAvailable & slotMask;
        inFlight++;
        nextAvailable = (nextAvailable + 1) & INDEX_MASK;
        return true;
    }

    @Override
    int takeBuffers(BufferBurst into, int most) {
        into.begin(walker.buffers().nearSegment());
        while (into.count() < most && (!ahead.isLow() || lookAhead())) {
            int run = Math.min(most - into.count(), ahead.ready());
            int done = ahead.take(into, run, walker.buffers(), slots, nextAvailable);
            inFlight += done;
            nextAvailable = (nextAvailable + done) & INDEX_MASK;
            if (done < run) {
                break;
            }
        }
        return into.count();
    }

    /** Whether a chain that is broken, or that somebody keeps track of, is taken. */
    private boolean admit(int head, DescriptorChain chain, @Nullable RingFault broken) {
        if (io != null && io.lacking()) {
            forgetSeen();
            return false;
        }
        if (broken != null) {
            fail(broken);
            return false;
        }
        if (writeLog != null && !writeLog.taken(head, chain)) {
            return false;
        }
        if (io != null) {
            io.inFlight().add(head, chain);
        }
        if (inflight != null && replayed(nextAvailable) == SplitReplay.NONE) {
            inflight.taken(head);
        }
        return true;
    }

    @Override
    public int pending() {
        if (nextAvailable == seenAvailable) {
            look();
        }
        return (seenAvailable - nextAvailable) & INDEX_MASK;
    }

    @Override
    public void complete(int head, int writtenBytes, long touchedBytes) {
        if (!holds(head)) {
            throw notInFlight("head", head);
        }
        if (tracked) {
            untrack(head, touchedBytes);
        }
        int slot = slots[head];
        slots[head] = NOT_IN_FLIGHT;
        inFlight--;
        if (order == null) {
            use(head, writtenBytes);
        } else if (slot != (nextUsed & slotMask)) {
            order.hold(slot, head, writtenBytes);
        } else {
            use(head, writtenBytes);
            useHeld(order);
        }
    }

    /** Chains that were completed early have their turn. */
    private void useHeld(UsedOrder from) {
        int slot = nextUsed & slotMask;
        while (from.holds(slot)) {
            use(from.release(slot), from.written(slot));
            slot = nextUsed & slotMask;
        }
    }

    private boolean holds(int head) {
        return head >= 0 && head < size && slots[head] != NOT_IN_FLIGHT;
    }

    @Override
    ReadAhead ahead() {
        return ahead;
    }

    @Override
    void putBack(int head) {
        int last = (nextAvailable - 1) & INDEX_MASK;
        if (!holds(head) || slots[head] != (last & slotMask)) {
            throw notInFlight("head", head);
        }
        if (writeLog != null) {
            writeLog.givenBack(head);
        }
        slots[head] = NOT_IN_FLIGHT;
        inFlight--;
        forgetRanges(head);
        if (inflight != null && replayed(last) == SplitReplay.NONE) {
            inflight.givenBack(head);
        }
        nextAvailable = last;
        if (fault != null) {
            seenAvailable = nextAvailable;
        }
    }

    @Override
    public int unpublished() {
        return (nextUsed - publishedUsed) & INDEX_MASK;
    }

    @Override
    public boolean publish() {
        int from = publishedUsed;
        int to = nextUsed;
        if (from == to) {
            return false;
        }
        publishedUsed = to;
        if (unmapped) {
            return false;
        }
        if (inflight != null) {
            inflight.beforePublishing(from, to);
        }
        ring.setUsedEntries(usedEntries, from, to);
        ring.releaseUsedIndex(to);
        // The driver writes its wish and then looks at the index; we write the index and then look
        // at its wish. Without the fence both may miss each other (section 2.7.7.2).
        VarHandle.fullFence();
        if (inflight != null) {
            inflight.afterPublishing(from, to);
            if (replay != null && replay.published((to - from) & INDEX_MASK)) {
                replay = null;
            }
        }
        if (writeLog != null && !ring.logUsed(writeLog, from, to, size)) {
            fail(RingFault.DIRTY_LOG);
        }
        if (callUnknown) {
            callUnknown = false;
            return true;
        }
        if (eventIdx) {
            return crossed(ring.usedEvent(), from, to);
        }
        return (ring.availableFlags() & SplitRingSpec.VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
    }

    /** Bytes of the device area were written. */
    private void ringWritten(long offset, long bytes) {
        if (writeLog != null && !ring.logWritten(writeLog, offset, bytes)) {
            fail(RingFault.DIRTY_LOG);
        }
    }

    @Override
    public void suppressKicks() {
        if (suppressed || unmapped) {
            return;
        }
        suppressed = true;
        // With EVENT_IDX the event stays where it is, behind the driver: that is suppression
        // enough, and the flags must be zero (section 2.7.10.1).
        if (!eventIdx) {
            ring.setUsedFlags(SplitRingSpec.VIRTQ_USED_F_NO_NOTIFY);
            ringWritten(0, SplitRingSpec.USED_RING);
        }
    }

    @Override
    public boolean requestKicks() {
        if (unmapped) {
            return false;
        }
        suppressed = false;
        ring.setUsedFlags(0);
        ringWritten(0, SplitRingSpec.USED_RING);
        if (pending() != 0) {
            return true;
        }
        if (eventIdx) {
            ring.setAvailEvent(nextAvailable);
            ringWritten(SplitRingSpec.availEvent(size), SplitRingSpec.EVENT_BYTES);
        }
        // Pairs with the driver's fence between its index and its look at flags or event.
        VarHandle.fullFence();
        return pending() != 0;
    }

    @Override
    public boolean remembersInFlight() {
        return inflight != null && writeLog == null;
    }

    @Override
    void forgetSeen() {
        seenAvailable = nextAvailable;
        ahead.forget();
    }

    @Override
    boolean ringTouches(long first, long last) {
        return ring.touches(first, last);
    }

    @Override
    boolean moveRing(GuestMemory memory) {
        boolean there = ring.remap(memory);
        ahead.forget();
        if (there) {
            walker.remap(ring.descriptors(), memory);
        }
        return there;
    }

    @Override
    void pause() {
        forgetSeen();
    }

    /** What is available is looked up again. */
    @Override
    void resume() {}

    @Override
    public int base() {
        return nextAvailable;
    }

    @Override
    public Resumption resumption() {
        return resumption;
    }

    /** The head to do again at an available index. */
    private int replayed(int availableIndex) {
        return replay == null ? SplitReplay.NONE : replay.head(availableIndex);
    }

    @Override
    public void fetchAhead(int bytes, boolean writable) {
        buffersAhead = new BuffersAhead(walker.buffers(), bytes, writable);
    }

    /** Reads the beginnings of chains; false when nothing is available. */
    private boolean lookAhead() {
        if (nextAvailable == seenAvailable && !look()) {
            return false;
        }
        int head = replayed(nextAvailable);
        if (head != SplitReplay.NONE) {
            ahead.readOne(ring, head);
        } else {
            int available = (seenAvailable - nextAvailable) & INDEX_MASK;
            ahead.read(ring, nextAvailable, available, buffersAhead);
        }
        return true;
    }

    /**
     * Looks at the driver's index; true when there is something to take.
     *
     * <p>No driver is further ahead of what it was shown as used than the queue has descriptors.
     * The second half of the room is taken by what the device holds: so an index that went
     * backwards is seen too.
     */
    private boolean look() {
        if (fault != null || (io != null && io.waiting())) {
            return false;
        }
        int available = ring.acquireAvailableIndex();
        if (available == nextAvailable) {
            return false;
        }
        if (((available - nextAvailable) & INDEX_MASK) > size - outstanding()) {
            fail(RingFault.AVAILABLE_INDEX);
            return false;
        }
        seenAvailable = available;
        return true;
    }

    /** Chains taken and not yet shown to the driver as used. */
    private int outstanding() {
        return (nextAvailable - publishedUsed) & INDEX_MASK;
    }

    private void use(int head, int writtenBytes) {
        usedEntries[nextUsed & slotMask] = SplitRing.usedEntry(head, writtenBytes);
        if (tracked && inflight != null) {
            inflight.used(nextUsed, head);
        }
        nextUsed = (nextUsed + 1) & INDEX_MASK;
    }

    /**
     * Section 2.7.7.2: whether an index went past an event on its way from one value to another.
     */
    private static boolean crossed(int event, int from, int to) {
        return ((to - event - 1) & INDEX_MASK) < ((to - from) & INDEX_MASK);
    }

    @Override
    RingView.Content content(int entries) {
        return new SplitView(ring, size, this::holds)
                .content(eventIdx, nextAvailable, nextUsed, entries);
    }
}
