package dev.ringside.frontend;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/** The driver's side of a split virtqueue (virtio 1.3 sections 2.7.13 and 2.7.14). */
public final class SplitDriverQueue extends DriverQueue {
    // A polling driver that lets used_event go stale is called once in 65536; refresh well before.
    private static final int REFRESH_MASK = 0x3fff;

    private final RawRing ring;
    private final boolean eventIdx;
    private final int size;

    private final DescriptorPool pool;
    // By head: whether the device has a reserved chain now.
    private final boolean[] given;

    private int available;
    private int published;
    private int lastUsed;
    // The used index as read last: each look costs a cache line that the device is writing.
    private int usedSeen;

    /**
     * Over fresh ring areas in {@code memory}.
     *
     * @param eventIdx whether EVENT_IDX was negotiated
     */
    SplitDriverQueue(final FrontendMemory memory, final QueueLayout layout, final boolean eventIdx)
            throws IOException {
        super(layout);
        this.size = layout.size();
        this.eventIdx = eventIdx;
        this.ring =
                new RawRing(
                        size,
                        memory.slice(
                                layout.descriptorGuestAddress(), RawRing.descriptorAreaBytes(size)),
                        memory.slice(layout.driverGuestAddress(), RawRing.driverAreaBytes(size)),
                        memory.slice(layout.deviceGuestAddress(), RawRing.deviceAreaBytes(size)));
        this.pool = new DescriptorPool(ring, size);
        this.given = new boolean[size];
        reset();
    }

    @Override
    public void reset() {
        ring.clear();
        pool.reset();
        Arrays.fill(given, false);
        available = 0;
        published = 0;
        lastUsed = 0;
        usedSeen = 0;
        applyCallState();
    }

    @Override
    public int startBase() {
        return 0;
    }

    @Override
    public void startAt(final int base) {
        available = base & 0xffff;
        published = available;
        lastUsed = available;
        usedSeen = available;
        ring.availableIndex(available);
        ring.usedIndex(available);
        applyCallState();
    }

    @Override
    public int base() {
        return available;
    }

    @Override
    public void enableIndirect(final FrontendMemory m, final int entries) {
        pool.enableIndirect(m, entries);
    }

    @Override
    public int addMixed(final DriverChain chain, final int direct) {
        final int head = pool.write(chain, direct);
        if (head >= 0) {
            offer(head);
        }
        return head;
    }

    @Override
    public int reserve(final DriverChain chain, final int direct) {
        return pool.write(chain, direct);
    }

    @Override
    public void offer(final int head) {
        if (head >= 0 && head < size) {
            given[head] = true;
        }
        ring.available(available, head);
        available = (available + 1) & 0xffff;
    }

    @Override
    public boolean publish() {
        if (published == available) {
            return false;
        }
        final int before = published;
        ring.availableIndex(available);
        published = available;
        // The device may be about to sleep: our index must be out before its wish is read.
        VarHandle.fullFence();
        if (eventIdx) {
            final int event = ring.availableEvent();
            return ((available - event - 1) & 0xffff) < ((available - before) & 0xffff);
        }
        return (ring.usedFlags() & VirtioSpec.USED_F_NO_NOTIFY) == 0;
    }

    @Override
    public int pollUsed() {
        if (!usedWaits()) {
            return NONE;
        }
        final int head = nextUsed();
        if (head < 0 || head >= size || !pool.taken(head)) {
            throw notGiven(head);
        }
        stepUsed();
        pool.free(head);
        return head;
    }

    @Override
    public int takeUsed() {
        if (!usedWaits()) {
            return NONE;
        }
        final int head = nextUsed();
        if (head < 0 || head >= size || !given[head]) {
            throw notGiven(head);
        }
        given[head] = false;
        stepUsed();
        return head;
    }

    @Override
    boolean usedWaits() {
        if (usedSeen == lastUsed) {
            usedSeen = ring.usedIndex();
        }
        return usedSeen != lastUsed;
    }

    @Override
    public int usedCount() {
        usedSeen = ring.usedIndex();
        return (usedSeen - lastUsed) & 0xffff;
    }

    private int nextUsed() {
        final long element = ring.usedElement(lastUsed);
        usedLength((int) (element >>> Integer.SIZE));
        return (int) element;
    }

    private void stepUsed() {
        lastUsed = (lastUsed + 1) & 0xffff;
        if (eventIdx && !callsWanted() && (lastUsed & REFRESH_MASK) == 0) {
            applyCallState();
        }
    }

    @Override
    void applyCallState() {
        if (eventIdx) {
            ring.usedEvent(callsWanted() ? lastUsed : lastUsed - 1);
        } else {
            ring.availableFlags(callsWanted() ? 0 : VirtioSpec.AVAIL_F_NO_INTERRUPT);
        }
    }

    @Override
    public int inFlight() {
        return (available - lastUsed) & 0xffff;
    }

    @Override
    public int freeDescriptors() {
        return pool.freeCount();
    }

    @Override
    public int availableIndex() {
        return available;
    }

    @Override
    public int lastUsedIndex() {
        return lastUsed;
    }

    @Override
    public RawRing ring() {
        return ring;
    }
}
