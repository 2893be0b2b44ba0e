package dev.ringside.frontend;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

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

    private final DescriptorPool pool;
    // By head: whether the device has a reserved chain now.
    private final boolean[] given;

    private int available;
    private int published;
    private int lastUsed;
    // The used index as read last: each look costs a cache line that the device is writing.
    private int usedSeen;
    private int usedLength;
    private boolean callsWanted = true;
    private long kicks;
    private long calls;

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
        this.pool = new DescriptorPool(ring, size);
        this.given = new boolean[size];
        this.kick = EventFd.create();
        this.call = EventFd.create();
        this.epoll = Epoll.create();
        epoll.add(call.number(), Epoll.IN, 0);
        reset();
    }

    /** Empties the ring as a driver does before it (re)starts a device; requests are forgotten. */
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

    /**
     * Goes on from another index than 0: right after {@link #reset}, before the device starts,
     * which must be given the same base.
     */
    public void startAt(final int base) {
        available = base & 0xffff;
        published = available;
        lastUsed = available;
        usedSeen = available;
        ring.availableIndex(available);
        ring.usedIndex(available);
        applyCallState();
    }

    /** Gives every head an indirect table of {@code entries} descriptors, taken from {@code m}. */
    public void enableIndirect(final FrontendMemory m, final int entries) {
        pool.enableIndirect(m, entries);
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
        final int head = pool.write(chain, direct);
        if (head >= 0) {
            offer(head);
        }
        return head;
    }

    /**
     * Writes a chain into descriptors that stay its own, like {@link #addMixed} but not added:
     * {@link #offer} its head whenever the device is to have it, and get it back with {@link
     * #takeUsed}.
     *
     * @return its head, or -1 when too few descriptors are free
     */
    public int reserve(final DriverChain chain, final int direct) {
        return pool.write(chain, direct);
    }

    /** Puts any head number on the available ring, honest or not; not published yet. */
    public void offer(final int head) {
        if (head >= 0 && head < size) {
            given[head] = true;
        }
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

    /**
     * Takes one used buffer of a reserved chain back; its descriptors stay reserved.
     *
     * @return its head, or -1 when there is none now
     * @throws IllegalStateException when the device returned what it does not have
     */
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

    private boolean usedWaits() {
        if (usedSeen == lastUsed) {
            usedSeen = ring.usedIndex();
        }
        return usedSeen != lastUsed;
    }

    /** How many used buffers wait to be taken. */
    public int usedCount() {
        usedSeen = ring.usedIndex();
        return (usedSeen - lastUsed) & 0xffff;
    }

    private int nextUsed() {
        final long element = ring.usedElement(lastUsed);
        usedLength = (int) (element >>> Integer.SIZE);
        return (int) element;
    }

    private void stepUsed() {
        lastUsed = (lastUsed + 1) & 0xffff;
        if (eventIdx && !callsWanted && (lastUsed & REFRESH_MASK) == 0) {
            applyCallState();
        }
    }

    private IllegalStateException notGiven(final int head) {
        return new IllegalStateException(
                "queue "
                        + layout.index()
                        + ": device returned head "
                        + head
                        + " at used index "
                        + lastUsed
                        + ", which it was not given");
    }

    /** How many bytes the device says it wrote into the used buffer that was taken last. */
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
        return pool.freeCount();
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
