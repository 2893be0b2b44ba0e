package dev.ringside.frontend;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The driver's side of a packed virtqueue (virtio 1.3 sections 2.8.20 and 2.8.21). A head is a
 * buffer ID. A position is a slot of the ring and a wrap counter, which changes at the ring's end.
 */
public final class PackedDriverQueue extends DriverQueue {
    private static final int WRAP = 1 << 15;

    private final RawPackedRing ring;
    private final boolean eventIdx;
    private final boolean inOrder;
    private final int size;
    private final PackedChains chains;

    // By buffer ID: how many descriptors of the ring the device has of it; 0: not given.
    private final int[] lengths;

    // With IN_ORDER: buffer IDs in the order in which they were made available.
    private final int[] order;
    private int orderFrom;
    // A used descriptor stands for all buffers up to this one; NONE when that is done.
    private int batchLast;
    private int batchLength;

    private int next;
    private boolean nextWrap;
    private int lastUsed;
    private boolean usedWrap;
    private int inFlight;

    // The first descriptor since the last publish is written last: the device polls that one.
    private int unpublished;
    private int heldSlot;
    private boolean heldWrap;
    private long heldWord;

    PackedDriverQueue(final FrontendMemory memory, final QueueLayout layout, final long features)
            throws IOException {
        super(layout);
        this.size = layout.size();
        this.eventIdx = (features & VhostUserSpec.bit(VirtioSpec.F_EVENT_IDX)) != 0;
        this.inOrder = (features & VhostUserSpec.bit(VirtioSpec.F_IN_ORDER)) != 0;
        this.ring =
                new RawPackedRing(
                        size,
                        memory.slice(
                                layout.descriptorGuestAddress(), RawRing.descriptorAreaBytes(size)),
                        memory.slice(layout.driverGuestAddress(), VirtioSpec.EVENT_BYTES),
                        memory.slice(layout.deviceGuestAddress(), VirtioSpec.EVENT_BYTES));
        this.chains = new PackedChains(size);
        this.lengths = new int[size];
        this.order = new int[size];
        reset();
    }

    @Override
    public void reset() {
        ring.clear();
        chains.reset();
        Arrays.fill(lengths, 0);
        startAt(startBase());
    }

    @Override
    public int startBase() {
        return WRAP << Short.SIZE | WRAP;
    }

    @Override
    public void startAt(final int base) {
        next = base & (WRAP - 1);
        nextWrap = (base & WRAP) != 0;
        lastUsed = next;
        usedWrap = nextWrap;
        inFlight = 0;
        unpublished = 0;
        orderFrom = 0;
        batchLast = NONE;
        applyCallState();
    }

    @Override
    public int base() {
        final int position = position(next, nextWrap);
        return position << Short.SIZE | position;
    }

    @Override
    public void enableIndirect(final FrontendMemory m, final int entries) {
        chains.enableIndirect(m, entries);
    }

    @Override
    public int addMixed(final DriverChain chain, final int direct) {
        final int id = chains.take(chain, direct);
        if (id >= 0) {
            give(id);
        }
        return id;
    }

    @Override
    public int reserve(final DriverChain chain, final int direct) {
        return chains.take(chain, direct);
    }

    @Override
    public void offer(final int head) {
        give(head);
    }

    /** Puts all descriptors of a chain into the ring, the first one last. */
    private void give(final int id) {
        final int length = chains.length(id);
        final int firstSlot = next;
        final boolean firstWrap = nextWrap;
        long firstWord = 0;
        for (int i = 0; i < length; i++) {
            final int flags = chains.flags(id, i) | RawPackedRing.availableFlags(nextWrap);
            final long word = RawPackedRing.word(chains.bytes(id, i), id, flags);
            ring.address(next, chains.address(id, i));
            if (i == 0) {
                firstWord = word;
            } else {
                ring.word(next, word);
            }
            if (++next == size) {
                next = 0;
                nextWrap = !nextWrap;
            }
        }
        if (unpublished == 0) {
            heldSlot = firstSlot;
            heldWrap = firstWrap;
            heldWord = firstWord;
        } else {
            ring.releaseWord(firstSlot, firstWord);
        }
        unpublished += length;
        lengths[id] = length;
        if (inOrder) {
            order[(orderFrom + inFlight) % size] = id;
        }
        inFlight++;
    }

    @Override
    public boolean publish() {
        if (unpublished == 0) {
            return false;
        }
        final int count = unpublished;
        unpublished = 0;
        ring.releaseWord(heldSlot, heldWord);
        // The device may be about to sleep: our descriptor must be out before its wish is read.
        VarHandle.fullFence();
        final int event = ring.deviceEvent();
        return switch (event >>> Short.SIZE & VirtioSpec.EVENT_FLAGS_MASK) {
            case VirtioSpec.EVENT_FLAGS_ENABLE -> true;
            case VirtioSpec.EVENT_FLAGS_DESC -> eventIdx && crosses(event, count);
            default -> false;
        };
    }

    /** Whether one of the descriptors that were just published is the one that an event names. */
    private boolean crosses(final int event, final int count) {
        final boolean wrap = (event & WRAP) != 0;
        final int distance = (event & (WRAP - 1)) - heldSlot + (wrap == heldWrap ? 0 : size);
        return distance >= 0 && distance < count;
    }

    @Override
    public int pollUsed() {
        final int id = takeUsed();
        if (id >= 0) {
            chains.free(id);
        }
        return id;
    }

    @Override
    public int takeUsed() {
        if (batchLast == NONE && !takeUsedDescriptor()) {
            return NONE;
        }
        final int id;
        if (inOrder) {
            id = order[orderFrom];
            orderFrom = (orderFrom + 1) % size;
        } else {
            id = batchLast;
        }
        // What a used descriptor skips was used completely (section 2.8.8).
        usedLength(id == batchLast ? batchLength : chains.writableBytes(id));
        if (id == batchLast) {
            batchLast = NONE;
        }
        advance(lengths[id]);
        lengths[id] = 0;
        inFlight--;
        return id;
    }

    private boolean takeUsedDescriptor() {
        if (!usedWaits()) {
            return false;
        }
        final int id = ring.id(lastUsed);
        if (id >= size || lengths[id] == 0) {
            throw notGiven(id);
        }
        batchLast = id;
        batchLength = ring.length(lastUsed);
        return true;
    }

    private void advance(final int length) {
        lastUsed += length;
        if (lastUsed >= size) {
            lastUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    @Override
    boolean usedWaits() {
        return batchLast != NONE || (inFlight > 0 && ring.used(lastUsed, usedWrap));
    }

    @Override
    public int usedCount() {
        int count = 0;
        int slot = lastUsed;
        boolean wrap = usedWrap;
        while (count < inFlight && ring.used(slot, wrap)) {
            final int id = ring.id(slot);
            if (id >= size || lengths[id] == 0) {
                break;
            }
            int passed;
            do {
                passed = inOrder ? order[(orderFrom + count) % size] : id;
                slot += lengths[passed];
                count++;
            } while (passed != id && count < inFlight);
            if (slot >= size) {
                slot -= size;
                wrap = !wrap;
            }
        }
        return count;
    }

    @Override
    void applyCallState() {
        if (!callsWanted()) {
            ring.driverEvent(0, VirtioSpec.EVENT_FLAGS_DISABLE);
        } else if (eventIdx) {
            ring.driverEvent(position(lastUsed, usedWrap), VirtioSpec.EVENT_FLAGS_DESC);
        } else {
            ring.driverEvent(0, VirtioSpec.EVENT_FLAGS_ENABLE);
        }
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public int freeDescriptors() {
        return chains.freeDescriptors();
    }

    @Override
    public int availableIndex() {
        return next;
    }

    /** The wrap counter of the next descriptor. */
    public boolean availableWrap() {
        return nextWrap;
    }

    @Override
    public int lastUsedIndex() {
        return lastUsed;
    }

    @Override
    public RawPackedRing packedRing() {
        return ring;
    }

    private static int position(final int slot, final boolean wrap) {
        return slot | (wrap ? WRAP : 0);
    }
}
