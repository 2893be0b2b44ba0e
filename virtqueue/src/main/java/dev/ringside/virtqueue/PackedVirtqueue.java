package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of a packed virtqueue (virtio 1.3, section 2.8), with indirect descriptors,
 * EVENT_IDX and IN_ORDER. A chain's head is its buffer ID, which must be below Queue Size.
 *
 * <p>A position is a slot and a wrap counter, which changes at the ring's end. Lengths are counted
 * in descriptors.
 */
public final class PackedVirtqueue extends RingQueue {
    private final PackedRing ring;
    private final PackedChainWalker walker;
    private final @Nullable PackedReplay notes;
    private final Resumption resumption;

    private final PackedTaken taken;

    /** The next descriptor to take. */
    private int nextAvailable;

    private boolean availableWrap;

    /** What the driver has made available behind it, as far as it was seen. */
    private int seenDescriptors;

    private int seenChains;

    /** Where the next used descriptor goes, and where the driver looks for the next one. */
    private int nextUsed;

    private boolean usedWrap;
    private int publishedUsed;
    private boolean publishedWrap;

    private final UsedDescriptors unpublished;

    /** Descriptors taken and not yet shown to the driver as used. */
    private int outstanding;

    /** What was seen when translations were missing. */
    private int pausedDescriptors;

    private int pausedChains;

    private PackedVirtqueue(
            RingLayout layout,
            PackedBase base,
            long features,
            PackedRing ring,
            GuestMemory memory,
            @Nullable PackedInflight notes,
            boolean ended) {
        super(layout, features);
        this.ring = ring;
        boolean indirect = (features & VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC) != 0;
        boolean keep = notes != null;
        this.walker = new PackedChainWalker(size, indirect, keep, ring, memory, io);
        this.taken = new PackedTaken(size);
        this.unpublished = new UsedDescriptors(size);
        this.resumption =
                notes == null || notes.fresh()
                        ? resume(base, notes != null)
                        : recover(notes, ended ? base : null);
        this.notes = notes == null ? null : new PackedReplay(notes, walker);
        this.nextUsed = publishedUsed;
        this.usedWrap = publishedWrap;
        this.tracked = isTracked();
    }

    /**
     * Without notes the front-end's word is all there is. In order, what was taken and not used is
     * still in the ring.
     */
    private Resumption resume(PackedBase base, boolean tracked) {
        publishedUsed = base.used();
        publishedWrap = base.usedWrap();
        nextAvailable = order != null ? base.used() : base.available();
        availableWrap = order != null ? base.usedWrap() : base.availableWrap();
        outstanding = order != null ? 0 : base.outstanding(size);
        return new Resumption(tracked, 0, outstanding);
    }

    /**
     * With notes: what was in flight comes first, as if it stood where the ring goes on, which is
     * where as many descriptors as it takes were made available.
     *
     * @param set where the front-end has set it, when it may have been set up anew
     */
    private Resumption recover(PackedInflight from, @Nullable PackedBase set) {
        if (!from.recover(ring)) {
            fail(RingFault.INFLIGHT_REGION);
            return Resumption.CLEAN;
        }
        if (set != null && from.replays() == 0) {
            from.moveTo(set);
        }
        PackedBase position = from.position();
        publishedUsed = position.used();
        publishedWrap = position.usedWrap();
        nextAvailable = position.used();
        availableWrap = position.usedWrap();
        seenChains = from.replays();
        seenDescriptors = from.replayedDescriptors();
        return new Resumption(true, from.replays(), 0);
    }

    /**
     * A queue that goes on where another one ended, or was ended: by the in-flight region, or where
     * there is none, or nobody has used it, at a base. What a base says to have been taken and not
     * used does not come back, as nobody knows it any more; with VIRTIO_F_IN_ORDER it is taken
     * again. How it goes on: {@link #resumption()}.
     *
     * @param layout where it lies
     * @param base see {@link PackedBase}
     * @param features what was negotiated
     * @param memory where the ring and its buffers are
     * @param region where the device notes what is in flight; null, or not for this queue: nowhere.
     *     When it contradicts itself the queue is made but has a {@link #fault()}
     * @throws InvalidRingException when the size is not from 1 to 32768, the base or the in-flight
     *     region not one of such a ring, or an area misaligned, cut or overlapping
     */
    public static PackedVirtqueue create(
            RingLayout layout,
            int base,
            long features,
            GuestMemory memory,
            @Nullable InflightRegion region)
            throws InvalidRingException {
        PackedRing ring = PackedRing.create(layout, memory);
        PackedBase from = PackedBase.of(base, layout);
        if (region == null || !region.covers(layout.index())) {
            return new PackedVirtqueue(layout, from, features, ring, memory, null, false);
        }
        PackedInflight notes = PackedInflight.open(region, layout.index(), layout.size(), from);
        boolean ended = region.hasEnded(layout.index());
        return new PackedVirtqueue(layout, from, features, ring, memory, notes, ended);
    }

    @Override
    public boolean next(DescriptorChain chain) {
        // A fault leaves nothing seen, so that the common path need not ask for it.
        if (seenDescriptors == 0 && !look()) {
            return false;
        }
        RingFault broken = walk(chain);
        int id = walker.id();
        if (broken == null) {
            broken = checkName(id);
        }
        if ((broken != null || tracked) && !admit(id, chain, broken)) {
            walker.ahead().forget();
            chain.clear();
            return false;
        }
        take(id, walker.length());
        chain.name(id);
        return true;
    }

    private @Nullable RingFault checkName(int id) {
        if (id >= size) {
            return RingFault.HEAD_INDEX;
        }
        return taken.isFree(id) ? null : RingFault.HEAD_IN_FLIGHT;
    }

    @Override
    boolean isTracked() {
        return super.isTracked() || notes != null;
    }

    /** Whether a chain that is broken, or that somebody keeps track of, is taken. */
    private boolean admit(int id, DescriptorChain chain, @Nullable RingFault broken) {
        if (io != null && io.lacking()) {
            pause();
            return false;
        }
        if (broken != null) {
            fail(broken);
            return false;
        }
        if (writeLog != null && !writeLog.taken(id, chain)) {
            return false;
        }
        if (io != null) {
            io.inFlight().add(id, chain);
        }
        if (notes != null) {
            notes.taken();
        }
        return true;
    }

    private @Nullable RingFault walk(DescriptorChain chain) {
        return notes != null && notes.isNext()
                ? notes.walk(chain)
                : walker.walk(
                        nextAvailable, availableWrap, seenDescriptors, size - outstanding, chain);
    }

    private void take(int id, int length) {
        taken.add(id, nextAvailable, length);
        moveOn(1, length);
    }

    /** Chains were taken that have so many descriptors. */
    private void moveOn(int chains, int length) {
        inFlight += chains;
        outstanding += length;
        seenChains -= chains;
        seenDescriptors -= length;
        if (seenDescriptors < 0 || seenChains < 0 || (seenDescriptors == 0) != (seenChains == 0)) {
            // Of the last chain only the beginning was seen, or the driver changed one after it was
            // seen. What counts is what was taken; what is left is looked at again.
            forgetSeen();
        }
        nextAvailable += length;
        if (nextAvailable >= size) {
            nextAvailable -= size;
            availableWrap = !availableWrap;
        }
    }

    @Override
    int takeBuffers(BufferBurst into, int most) {
        int limit = Math.min(most, seenDescriptors);
        walker.takeBuffers(into, nextAvailable, availableWrap, seenDescriptors, limit, taken);
        moveOn(into.count(), into.count());
        return into.count();
    }

    @Override
    public void fetchAhead(int bytes, boolean writable) {
        walker.fetchAhead(bytes, writable);
    }

    @Override
    public int pending() {
        if (seenDescriptors == 0) {
            look();
        }
        return seenChains;
    }

    @Override
    public void complete(int head, int written, long touchedBytes) {
        if (!holds(head)) {
            throw notInFlight("buffer ID", head);
        }
        if (tracked) {
            untrack(head, touchedBytes);
        }
        inFlight--;
        if (order == null) {
            use(head, written);
        } else if (taken.firstSlot(head) != nextUsed) {
            order.hold(taken.firstSlot(head), head, written);
        } else {
            use(head, written);
            useHeld(order);
        }
    }

    /** Chains that were completed early have their turn. */
    private void useHeld(UsedOrder from) {
        while (from.holds(nextUsed)) {
            int slot = nextUsed;
            use(from.release(slot), from.written(slot));
        }
    }

    /** Whether a chain of this name was taken and neither completed nor given back. */
    private boolean holds(int id) {
        return taken.has(id) && (order == null || !order.holds(taken.firstSlot(id)));
    }

    @Override
    ReadAhead ahead() {
        return walker.ahead();
    }

    @Override
    void putBack(int head) {
        if (!holds(head)) {
            throw notInFlight("buffer ID", head);
        }
        int length = taken.length(head);
        int slot = nextAvailable - length;
        boolean wraps = slot < 0;
        if (wraps) {
            slot += size;
        }
        if (taken.firstSlot(head) != slot) {
            throw notInFlight("buffer ID", head);
        }
        if (writeLog != null) {
            writeLog.givenBack(head);
        }
        taken.remove(head);
        inFlight--;
        forgetRanges(head);
        outstanding -= length;
        nextAvailable = slot;
        availableWrap ^= wraps;
        if (notes != null) {
            notes.givenBack(head);
        }
        if (fault == null) {
            seenDescriptors += length;
            seenChains++;
        }
    }

    @Override
    public int unpublished() {
        return unpublished.chains();
    }

    @Override
    public boolean publish() {
        if (unpublished.chains() == 0) {
            return false;
        }
        int from = publishedUsed;
        boolean fromWrap = publishedWrap;
        int count = unpublished.descriptors();
        publishedUsed = nextUsed;
        publishedWrap = usedWrap;
        outstanding -= count;
        if (unmapped) {
            unpublished.clear();
            return false;
        }
        unpublished.writeRest(ring);
        if (notes != null) {
            notes.beforePublishing(nextUsed, usedWrap);
        }
        unpublished.showFirst(ring);
        unpublished.clear();
        // The driver writes its wish and then looks at the descriptor; we write the descriptor and
        // then look at its wish. Without the fence both may miss each other (section 2.8.22).
        VarHandle.fullFence();
        if (notes != null) {
            notes.afterPublishing();
        }
        if (writeLog != null && !ring.logUsed(writeLog, from, count)) {
            fail(RingFault.DIRTY_LOG);
        }
        if (callUnknown) {
            callUnknown = false;
            return true;
        }
        return ring.wantsCall(from, fromWrap, count, eventIdx);
    }

    @Override
    public void suppressKicks() {
        if (suppressed || unmapped) {
            return;
        }
        suppressed = true;
        setDeviceEvent(0, PackedRingSpec.RING_EVENT_FLAGS_DISABLE);
    }

    private void setDeviceEvent(int desc, int flags) {
        ring.setDeviceEvent(desc, flags);
        if (writeLog != null && !ring.logDeviceEvent(writeLog)) {
            fail(RingFault.DIRTY_LOG);
        }
    }

    @Override
    public boolean requestKicks() {
        if (unmapped || pending() != 0) {
            return !unmapped;
        }
        suppressed = false;
        if (eventIdx) {
            int desc = nextAvailable | (availableWrap ? PackedRingSpec.EVENT_WRAP : 0);
            setDeviceEvent(desc, PackedRingSpec.RING_EVENT_FLAGS_DESC);
        } else {
            setDeviceEvent(0, PackedRingSpec.RING_EVENT_FLAGS_ENABLE);
        }
        // Pairs with the driver's fence between its descriptors and its look at the event.
        VarHandle.fullFence();
        return pending() != 0;
    }

    @Override
    public boolean remembersInFlight() {
        return notes != null && writeLog == null;
    }

    @Override
    void forgetSeen() {
        seenDescriptors = 0;
        seenChains = 0;
        walker.ahead().forget();
    }

    @Override
    boolean ringTouches(long first, long last) {
        return ring.touches(first, last);
    }

    @Override
    boolean moveRing(GuestMemory memory) {
        boolean there = ring.remap(memory);
        if (there) {
            walker.remap(memory);
        }
        return there;
    }

    /** What was seen waits for translations: nothing of it is taken until then. */
    @Override
    void pause() {
        pausedDescriptors += seenDescriptors;
        pausedChains += seenChains;
        forgetSeen();
    }

    @Override
    void resume() {
        if (fault == null) {
            seenDescriptors += pausedDescriptors;
            seenChains += pausedChains;
        }
        pausedDescriptors = 0;
        pausedChains = 0;
    }

    @Override
    public int base() {
        return position().bits();
    }

    private PackedBase position() {
        return new PackedBase(nextAvailable, availableWrap, publishedUsed, publishedWrap);
    }

    @Override
    public Resumption resumption() {
        return resumption;
    }

    /**
     * Looks how far the driver has come; true when there is something to take.
     *
     * <p>A chain whose first descriptor is available is all there. Where a driver lies, it is found
     * out when the chain is taken.
     */
    private boolean look() {
        if (fault != null || (io != null && io.waiting())) {
            return false;
        }
        int room = size - outstanding;
        long available = ring.scan(nextAvailable, availableWrap, room);
        if (available != 0 && room == 0) {
            fail(RingFault.AVAILABLE_INDEX);
        }
        if (available == 0 || room == 0) {
            return false;
        }
        seenDescriptors = (int) available;
        // A chain without an end counts too: it is taken, which tells what is wrong with it.
        seenChains = Math.max((int) (available >>> Integer.SIZE), 1);
        return true;
    }

    /** The driver sees it when it is published. */
    private void use(int id, int written) {
        int length = taken.length(id);
        taken.remove(id);
        unpublished.add(nextUsed, usedWrap, id, length, written);
        if (tracked && notes != null) {
            notes.used(id);
        }
        nextUsed += length;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    @Override
    RingView.Content content(int entries) {
        return new PackedView(ring, size, taken).content(position(), entries);
    }
}
