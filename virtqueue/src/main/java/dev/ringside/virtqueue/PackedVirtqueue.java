package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of a packed virtqueue (virtio 1.3, section 2.8), with indirect descriptors,
 * EVENT_IDX and IN_ORDER. A chain's head is its buffer ID, which must be below Queue Size.
 *
 * <p>Each position is a slot of the ring and a wrap counter, which changes at the ring's end.
 * Lengths and distances are counted in descriptors.
 */
public final class PackedVirtqueue implements Virtqueue {
    private final int index;
    private final int size;
    private final boolean eventIdx;
    private final boolean inOrder;
    private final PackedRing ring;
    private final PackedChainWalker walker;

    /** By buffer ID: how many descriptors its chain has in the ring; 0: not in flight. */
    private final int[] lengths;

    /** By buffer ID: the slot of its chain's first descriptor. */
    private final int[] firstSlots;

    /** With IN_ORDER, by the slot of a chain's first descriptor: completed before its turn. */
    private final boolean[] completed;

    private final int[] completedIds;
    private final int[] writtenBytes;

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

    /** The first used descriptor since the last publish, which shows all of them. */
    private long firstUsedMeta;

    private int unpublished;
    private int unpublishedDescriptors;

    /** Descriptors taken and not yet shown to the driver as used. */
    private int outstanding;

    private int inFlight;
    private boolean suppressed;

    /** Whether a driver was called for what came before is unknown: then it is called once more. */
    private boolean callUnknown = true;

    private boolean unmapped;
    private @Nullable RingFault fault;

    /** Null while nothing is logged. */
    private @Nullable WriteLog writeLog;

    private PackedVirtqueue(
            RingLayout layout,
            PackedBase base,
            long features,
            PackedRing ring,
            GuestMemory memory) {
        this.index = layout.index();
        this.size = layout.size();
        this.eventIdx = (features & VirtioSpec.VIRTIO_RING_F_EVENT_IDX) != 0;
        this.inOrder = (features & VirtioSpec.VIRTIO_F_IN_ORDER) != 0;
        this.ring = ring;
        boolean indirect = (features & VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC) != 0;
        this.walker = new PackedChainWalker(size, indirect, ring.descriptors(), memory);
        this.lengths = new int[size];
        this.firstSlots = new int[size];
        this.completed = new boolean[inOrder ? size : 0];
        this.completedIds = new int[inOrder ? size : 0];
        this.writtenBytes = new int[inOrder ? size : 0];
        this.nextUsed = base.used();
        this.usedWrap = base.usedWrap();
        this.publishedUsed = nextUsed;
        this.publishedWrap = usedWrap;
        // What was taken in order and not used is still in the ring: it is taken once more.
        this.nextAvailable = inOrder ? base.used() : base.available();
        this.availableWrap = inOrder ? base.usedWrap() : base.availableWrap();
        this.outstanding = inOrder ? 0 : base.outstanding(size);
    }

    /**
     * A queue that goes on at a base. What the base says to have been taken and not used does not
     * come back, as nobody knows it any more; with VIRTIO_F_IN_ORDER it is taken again.
     *
     * @param layout where it lies
     * @param base see {@link PackedBase}
     * @param features what was negotiated
     * @param memory where the ring and its buffers are
     * @throws InvalidRingException when the size is not from 1 to 32768, the base is not one of
     *     such a ring, or an area is misaligned, not within one region or overlaps another
     */
    public static PackedVirtqueue create(
            RingLayout layout, int base, long features, GuestMemory memory)
            throws InvalidRingException {
        PackedRing ring = PackedRing.create(layout, memory);
        PackedBase from = PackedBase.of(base);
        if (!from.fits(layout.size())) {
            throw new InvalidRingException(
                    "queue %d: base 0x%x is not one of a packed ring of size %d"
                            .formatted(layout.index(), base, layout.size()));
        }
        return new PackedVirtqueue(layout, from, features, ring, memory);
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int maxChainEntries() {
        return GuestBuffers.maxChainEntries(size);
    }

    @Override
    public boolean next(DescriptorChain chain) {
        // A fault leaves nothing seen, so that the common path need not ask for it.
        if (seenDescriptors == 0 && !look()) {
            return false;
        }
        RingFault broken = walker.walk(nextAvailable, availableWrap, size - outstanding, chain);
        if (broken == null) {
            broken = checkId(walker.id());
        }
        if (broken != null) {
            chain.clear();
            fail(broken);
            return false;
        }
        if (writeLog != null && !writeLog.taken(walker.id(), chain)) {
            chain.clear();
            return false;
        }
        take(walker.id(), walker.length());
        chain.name(walker.id());
        return true;
    }

    private @Nullable RingFault checkId(int id) {
        if (id >= size) {
            return RingFault.HEAD_INDEX;
        }
        return lengths[id] != 0 ? RingFault.HEAD_IN_FLIGHT : null;
    }

    private void take(int id, int length) {
        lengths[id] = length;
        firstSlots[id] = nextAvailable;
        inFlight++;
        outstanding += length;
        seenChains--;
        seenDescriptors -= length;
        if (seenDescriptors < 0 || seenChains < 0) {
            // The driver changed a chain after it was seen. What counts is what was taken.
            forgetSeen();
        }
        nextAvailable += length;
        if (nextAvailable >= size) {
            nextAvailable -= size;
            availableWrap = !availableWrap;
        }
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
            throw notInFlight(head);
        }
        if (writeLog != null && !writeLog.completed(head, touchedBytes)) {
            fail(RingFault.DIRTY_LOG);
        }
        inFlight--;
        if (!inOrder) {
            use(head, written);
            return;
        }
        int slot = firstSlots[head];
        completed[slot] = true;
        completedIds[slot] = head;
        writtenBytes[slot] = written;
        // The oldest chain that was not used begins where its used descriptor goes.
        while (completed[nextUsed]) {
            completed[nextUsed] = false;
            use(completedIds[nextUsed], writtenBytes[nextUsed]);
        }
    }

    /** Whether a chain of this name was taken and neither completed nor given back. */
    private boolean holds(int id) {
        return id >= 0 && id < size && lengths[id] != 0 && !(inOrder && completed[firstSlots[id]]);
    }

    @Override
    public void giveBack(int head) {
        if (!holds(head)) {
            throw notInFlight(head);
        }
        int length = lengths[head];
        int slot = nextAvailable - length;
        boolean wraps = slot < 0;
        if (wraps) {
            slot += size;
        }
        if (firstSlots[head] != slot) {
            throw notInFlight(head);
        }
        if (writeLog != null) {
            writeLog.givenBack(head);
        }
        lengths[head] = 0;
        inFlight--;
        outstanding -= length;
        nextAvailable = slot;
        availableWrap ^= wraps;
        if (fault == null) {
            seenDescriptors += length;
            seenChains++;
        }
    }

    @Override
    public int unpublished() {
        return unpublished;
    }

    @Override
    public boolean publish() {
        if (unpublished == 0) {
            return false;
        }
        int from = publishedUsed;
        boolean fromWrap = publishedWrap;
        int count = unpublishedDescriptors;
        publishedUsed = nextUsed;
        publishedWrap = usedWrap;
        unpublished = 0;
        unpublishedDescriptors = 0;
        outstanding -= count;
        if (unmapped) {
            return false;
        }
        ring.releaseUsed(from, firstUsedMeta);
        // The driver writes its wish and then looks at the descriptor; we write the descriptor and
        // then look at its wish. Without the fence both may miss each other (section 2.8.22).
        VarHandle.fullFence();
        if (writeLog != null && !ring.logUsed(writeLog, from, count)) {
            fail(RingFault.DIRTY_LOG);
        }
        if (callUnknown) {
            callUnknown = false;
            return true;
        }
        return wantsCall(ring.driverEvent(), from, fromWrap, count);
    }

    /**
     * Section 2.8.10: whether the driver is to be called for descriptors that were used.
     *
     * @param event its event suppression structure
     * @param from slot of the first of them, in a round of the ring
     * @param count how many, 1 to Queue Size
     */
    private boolean wantsCall(int event, int from, boolean fromWrap, int count) {
        int flags = event >>> Short.SIZE & PackedRingSpec.EVENT_FLAGS_MASK;
        if (flags == PackedRingSpec.RING_EVENT_FLAGS_DISABLE) {
            return false;
        }
        if (flags != PackedRingSpec.RING_EVENT_FLAGS_DESC || !eventIdx) {
            return true;
        }
        boolean wrap = (event & PackedRingSpec.EVENT_WRAP) != 0;
        int offset = event & (PackedRingSpec.EVENT_WRAP - 1);
        int distance = offset - from + (wrap == fromWrap ? 0 : size);
        return distance >= 0 && distance < count;
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
        if (unmapped) {
            return false;
        }
        if (pending() != 0) {
            return true;
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
    public int inFlight() {
        return inFlight;
    }

    @Override
    public @Nullable RingFault fault() {
        return fault;
    }

    @Override
    public void fail(RingFault reason) {
        Objects.requireNonNull(reason);
        if (fault == null) {
            fault = reason;
        }
        forgetSeen();
    }

    private void forgetSeen() {
        seenDescriptors = 0;
        seenChains = 0;
    }

    @Override
    public boolean remap(GuestMemory memory) {
        if (unmapped || !ring.remap(memory)) {
            unmapped = true;
            fail(RingFault.MEMORY_GONE);
            return false;
        }
        walker.remap(ring.descriptors(), memory);
        return true;
    }

    @Override
    public void log(@Nullable QueueLog log) {
        writeLog = WriteLog.next(writeLog, log, this);
    }

    @Override
    public @Nullable QueueLog log() {
        return writeLog == null ? null : writeLog.log();
    }

    @Override
    public int base() {
        return new PackedBase(nextAvailable, availableWrap, publishedUsed, publishedWrap).bits();
    }

    /**
     * Looks how far the driver has come; true when there is something to take.
     *
     * <p>A chain whose first descriptor is available is all there. Where a driver lies, it is found
     * out when the chain is taken.
     */
    private boolean look() {
        if (fault != null) {
            return false;
        }
        int slot = nextAvailable;
        boolean wrap = availableWrap;
        int flags = ring.acquireFlags(slot);
        if (!PackedChainWalker.available(flags, wrap)) {
            return false;
        }
        int room = size - outstanding;
        if (room == 0) {
            fail(RingFault.AVAILABLE_INDEX);
            return false;
        }
        int descriptors = 0;
        int chains = 0;
        do {
            descriptors++;
            chains += (flags & PackedRingSpec.VIRTQ_DESC_F_NEXT) == 0 ? 1 : 0;
            if (++slot == size) {
                slot = 0;
                wrap = !wrap;
            }
            flags = ring.acquireFlags(slot);
        } while (descriptors < room && PackedChainWalker.available(flags, wrap));
        seenDescriptors = descriptors;
        // A chain without an end counts too: it is taken, which tells what is wrong with it.
        seenChains = Math.max(chains, 1);
        return true;
    }

    /** Writes a used descriptor; the first one of a burst is held until it is published. */
    private void use(int id, int written) {
        int length = lengths[id];
        lengths[id] = 0;
        long meta = usedMeta(id, written);
        if (unpublished++ == 0) {
            firstUsedMeta = meta;
        } else if (!unmapped) {
            ring.setUsed(nextUsed, meta);
        }
        unpublishedDescriptors += length;
        nextUsed += length;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    private long usedMeta(int id, int written) {
        int flags =
                (usedWrap
                                ? PackedRingSpec.VRING_PACKED_DESC_F_AVAIL
                                        | PackedRingSpec.VRING_PACKED_DESC_F_USED
                                : 0)
                        | (written == 0 ? 0 : PackedRingSpec.VIRTQ_DESC_F_WRITE);
        return (long) flags << 48 | (long) id << 32 | Integer.toUnsignedLong(written);
    }

    private IllegalArgumentException notInFlight(int head) {
        return new IllegalArgumentException(
                "queue "
                        + index
                        + ": buffer ID "
                        + head
                        + " is not in flight: complete each chain once");
    }
}
