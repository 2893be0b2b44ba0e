package dev.ringside.frontend;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The driver's side of a split virtqueue (virtio 1.3 section 2.7.13 and 2.7.14): adds descriptor
 * chains, publishes them, kicks when the device wants it, and takes used buffers back.
 *
 * <p>One thread at a time. After construction {@link #add}, {@link #publish}, {@link #kick}, {@link
 * #pollUsed} and the call switches allocate nothing.
 */
public final class DriverQueue implements AutoCloseable {
    private static final int NONE = -1;

    // A polling driver that lets used_event go stale is called once in 65536; refresh well before.
    private static final int REFRESH_MASK = 0x3fff;

    private final QueueLayout layout;
    private final RawRing ring;
    private final boolean eventIdx;
    private final int size;
    private final EventFd kick;
    private final EventFd call;
    private final Epoll epoll;

    // The driver's own record of its descriptors: the device could have changed those in the ring.
    private final int[] next;
    private final int[] chainLength;
    private int freeHead;
    private int freeCount;

    private int available;
    private int published;
    private int lastUsed;
    private int usedLength;
    private boolean callsWanted = true;
    private long kicks;
    private long calls;

    // One indirect table for each possible head; empty when indirect descriptors are not used.
    private MemorySegment tables = MemorySegment.NULL;
    private long tablesGuestAddress;
    private int tableEntries;

    /**
     * Over fresh ring areas in {@code memory}.
     *
     * @param eventIdx whether EVENT_IDX was negotiated
     */
    public DriverQueue(
            final FrontendMemory memory, final QueueLayout layout, final boolean eventIdx)
            throws IOException {
        this.layout = layout;
        this.size = layout.size();
        this.eventIdx = eventIdx;
        this.ring =
                new RawRing(
                        size,
                        memory.slice(
                                layout.descriptorGuestAddress(), RawRing.descriptorAreaBytes(size)),
                        memory.slice(layout.driverGuestAddress(), RawRing.driverAreaBytes(size)),
                        memory.slice(layout.deviceGuestAddress(), RawRing.deviceAreaBytes(size)));
        this.next = new int[size];
        this.chainLength = new int[size];
        this.kick = EventFd.create();
        this.call = EventFd.create();
        this.epoll = Epoll.create();
        epoll.add(call.number(), Epoll.IN, 0);
        reset();
    }

    /** Empties the ring as a driver does before it (re)starts a device; requests are forgotten. */
    public void reset() {
        ring.clear();
        for (int i = 0; i < size; i++) {
            next[i] = i + 1;
            chainLength[i] = 0;
        }
        freeHead = 0;
        freeCount = size;
        available = 0;
        published = 0;
        lastUsed = 0;
        applyCallState();
    }

    /**
     * Goes on from another index than 0: right after {@link #reset}, before the device starts,
     * which must be given the same base.
     */
    public void startAt(final int base) {
        available = base & 0xffff;
        published = available;
        lastUsed = available;
        ring.availableIndex(available);
        ring.usedIndex(available);
        applyCallState();
    }

    /** Gives every head an indirect table of {@code entries} descriptors, taken from {@code m}. */
    public void enableIndirect(final FrontendMemory m, final int entries) {
        final long bytes = (long) size * entries * VirtioSpec.DESCRIPTOR_BYTES;
        tablesGuestAddress = m.allocate(bytes, VirtioSpec.DESCRIPTOR_BYTES);
        tables = m.slice(tablesGuestAddress, bytes);
        tableEntries = entries;
    }

    /**
     * Adds a chain of direct descriptors; the device sees it after {@link #publish}.
     *
     * @return its head, or -1 when too few descriptors are free
     */
    public int add(final DriverChain chain) {
        return addMixed(chain, chain.count());
    }

    /** Adds a chain as one indirect descriptor; needs {@link #enableIndirect}. */
    public int addIndirect(final DriverChain chain) {
        return addMixed(chain, 0);
    }

    /**
     * Adds a chain whose first {@code direct} buffers are direct descriptors and whose others sit
     * in one indirect table at its end (section 2.7.5.3.2 obliges devices to take this).
     */
    public int addMixed(final DriverChain chain, final int direct) {
        final int total = chain.count();
        final boolean indirect = direct < total;
        final int needed = direct + (indirect ? 1 : 0);
        if (needed > freeCount || needed == 0) {
            return NONE;
        }
        if (total - direct > tableEntries) {
            throw new IllegalArgumentException(
                    "indirect tables have " + tableEntries + " entries, not " + (total - direct));
        }
        final int head = freeHead;
        int at = head;
        int last = head;
        for (int i = 0; i < direct; i++) {
            final int flags = chain.flags(i) | (i + 1 < needed ? VirtioSpec.DESC_F_NEXT : 0);
            ring.descriptor(at, chain.address(i), chain.length(i), flags, next[at] & 0xffff);
            last = at;
            at = next[at];
        }
        if (indirect) {
            writeTable(head, chain, direct);
            ring.descriptor(
                    at,
                    tablesGuestAddress + (long) head * tableEntries * VirtioSpec.DESCRIPTOR_BYTES,
                    (total - direct) * VirtioSpec.DESCRIPTOR_BYTES,
                    VirtioSpec.DESC_F_INDIRECT,
                    0);
            last = at;
            at = next[at];
        }
        freeHead = at;
        next[last] = NONE;
        freeCount -= needed;
        chainLength[head] = needed;
        offer(head);
        return head;
    }

    private void writeTable(final int head, final DriverChain chain, final int from) {
        final long base = (long) head * tableEntries * VirtioSpec.DESCRIPTOR_BYTES;
        final int count = chain.count() - from;
        for (int i = 0; i < count; i++) {
            final boolean more = i + 1 < count;
            RawRing.descriptor(
                    tables,
                    base + (long) i * VirtioSpec.DESCRIPTOR_BYTES,
                    chain.address(from + i),
                    chain.length(from + i),
                    chain.flags(from + i) | (more ? VirtioSpec.DESC_F_NEXT : 0),
                    more ? i + 1 : 0);
        }
    }

    /** Puts any head number on the available ring, honest or not; not published yet. */
    public void offer(final int head) {
        ring.available(available, head);
        available = (available + 1) & 0xffff;
    }

    /**
     * Shows the device everything added since the last time.
     *
     * @return whether the device wants a kick (section 2.7.10)
     */
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

    /** Signals the kick eventfd, asked for or not. */
    public void kick() {
        kicks++;
        kick.signal();
    }

    /** {@link #publish}, and {@link #kick} when it is wanted. */
    public void publishAndKick() {
        if (publish()) {
            kick();
        }
    }

    /**
     * Takes one used buffer back.
     *
     * @return its head, or -1 when there is none now
     * @throws IllegalStateException when the device returned what it was not given
     */
    public int pollUsed() {
        if (ring.usedIndex() == lastUsed) {
            return NONE;
        }
        final int head = ring.usedId(lastUsed);
        usedLength = ring.usedLength(lastUsed);
        if (head < 0 || head >= size || chainLength[head] == 0) {
            throw new IllegalStateException(
                    "queue "
                            + layout.index()
                            + ": device returned head "
                            + head
                            + " at used index "
                            + lastUsed
                            + ", which it was not given");
        }
        lastUsed = (lastUsed + 1) & 0xffff;
        if (eventIdx && !callsWanted && (lastUsed & REFRESH_MASK) == 0) {
            applyCallState();
        }
        free(head);
        return head;
    }

    private void free(final int head) {
        int tail = head;
        while (next[tail] != NONE) {
            tail = next[tail];
        }
        next[tail] = freeHead;
        freeHead = head;
        freeCount += chainLength[head];
        chainLength[head] = 0;
    }

    /** How many bytes the device says it wrote into the buffer that {@link #pollUsed} gave last. */
    public int usedLength() {
        return usedLength;
    }

    /** Asks the device for no calls: the driver polls. */
    public void suppressCalls() {
        callsWanted = false;
        applyCallState();
    }

    /**
     * Asks for a call at the next used buffer.
     *
     * @return whether there is a used buffer already, for which no call may come
     */
    public boolean requestCalls() {
        callsWanted = true;
        applyCallState();
        VarHandle.fullFence();
        return ring.usedIndex() != lastUsed;
    }

    private void applyCallState() {
        if (eventIdx) {
            ring.usedEvent(callsWanted ? lastUsed : lastUsed - 1);
        } else {
            ring.availableFlags(callsWanted ? 0 : VirtioSpec.AVAIL_F_NO_INTERRUPT);
        }
    }

    /**
     * Sleeps until the device has used a buffer.
     *
     * @return false when the time was up first
     */
    public boolean awaitUsed(final long timeoutNs) {
        final long deadline = System.nanoTime() + timeoutNs;
        while (!requestCalls()) {
            final long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            if (epoll.await(left) > 0) {
                drainCalls();
            }
        }
        return true;
    }

    /** Sleeps until a call comes, whatever the ring says; false when the time was up first. */
    public boolean awaitCall(final long timeoutNs) {
        return epoll.await(timeoutNs) > 0 && drainCalls() > 0;
    }

    /** Takes the signals of the call eventfd; returns how many there were. */
    public long drainCalls() {
        final long got = call.drain();
        calls += got;
        return got;
    }

    /** Requests that the device has and the driver has not got back. */
    public int inFlight() {
        return (available - lastUsed) & 0xffff;
    }

    /** How many descriptors are free. */
    public int freeDescriptors() {
        return freeCount;
    }

    /** The index of the next entry of the available ring. */
    public int availableIndex() {
        return available;
    }

    /** The index of the next used element that the driver will take. */
    public int lastUsedIndex() {
        return lastUsed;
    }

    /** Kicks sent so far. */
    public long kicks() {
        return kicks;
    }

    /** Calls taken so far. */
    public long calls() {
        return calls;
    }

    /** Where the ring is. */
    public QueueLayout layout() {
        return layout;
    }

    /** The ring's bytes, for everything that an honest driver does not do. */
    public RawRing ring() {
        return ring;
    }

    /** The kick eventfd, owned by this queue. */
    public EventFd kickFd() {
        return kick;
    }

    /** The call eventfd, owned by this queue. */
    public EventFd callFd() {
        return call;
    }

    /** Closes the eventfds; the ring stays in its memory. */
    @Override
    public void close() {
        epoll.close();
        kick.close();
        call.close();
    }
}
