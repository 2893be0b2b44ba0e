package dev.ringside.frontend;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.lang.invoke.VarHandle;

/**
 * The driver's side of a virtqueue: adds descriptor chains, publishes them, kicks when the device
 * wants it, and takes used buffers back. Split (virtio 1.3 section 2.7) or packed (section 2.8), as
 * negotiated; a chain is known by its head, which is its buffer ID in a packed ring.
 *
 * <p>One thread at a time. After construction {@link #add}, {@link #publish}, {@link #kick}, {@link
 * #pollUsed} and the call switches allocate nothing.
 */
public abstract sealed class DriverQueue implements AutoCloseable
        permits SplitDriverQueue, PackedDriverQueue {
    /** No head: nothing was used, or nothing could be added. */
    static final int NONE = -1;

    private final QueueLayout layout;
    private final EventFd kick;
    private final EventFd call;
    private final Epoll epoll;
    private int usedLength;
    private boolean callsWanted = true;
    private long kicks;
    private long calls;

    DriverQueue(final QueueLayout layout) throws IOException {
        this.layout = layout;
        this.kick = EventFd.create();
        this.call = EventFd.create();
        this.epoll = Epoll.create();
        epoll.add(call.number(), Epoll.IN, 0);
    }

    /**
     * A queue over fresh ring areas in {@code memory}.
     *
     * @param features what was negotiated: RING_PACKED, EVENT_IDX and IN_ORDER matter
     */
    public static DriverQueue create(
            final FrontendMemory memory, final QueueLayout layout, final long features)
            throws IOException {
        final boolean eventIdx = (features & VhostUserSpec.bit(VirtioSpec.F_EVENT_IDX)) != 0;
        return isPacked(features)
                ? new PackedDriverQueue(memory, layout, features)
                : new SplitDriverQueue(memory, layout, eventIdx);
    }

    /** Whether rings are packed with these features. */
    public static boolean isPacked(final long features) {
        return (features & VhostUserSpec.bit(VirtioSpec.F_RING_PACKED)) != 0;
    }

    /** Empties the ring as a driver does before it (re)starts a device; requests are forgotten. */
    public abstract void reset();

    /** The base of a device that starts with a ring after {@link #reset}. */
    public abstract int startBase();

    /**
     * Goes on from another base than {@link #startBase}: right after {@link #reset}, before the
     * device starts, which must be given the same base. Split: an index; packed: both positions
     * with their wrap counters, of which the lower one counts.
     */
    public abstract void startAt(int base);

    /** The base of a device that has taken and used everything: as SET_VRING_BASE carries it. */
    public abstract int base();

    /** Gives every head an indirect table of {@code entries} descriptors, taken from {@code m}. */
    public abstract void enableIndirect(FrontendMemory m, int entries);

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
     * in one indirect table at its end: section 2.7.5.3.2 obliges devices to take this of a split
     * ring; section 2.8.7 forbids it in a packed one.
     */
    public abstract int addMixed(DriverChain chain, int direct);

    /**
     * Writes a chain into descriptors that stay its own, like {@link #addMixed} but not added:
     * {@link #offer} its head whenever the device is to have it, and get it back with {@link
     * #takeUsed}.
     *
     * @return its head, or -1 when too few descriptors are free
     */
    public abstract int reserve(DriverChain chain, int direct);

    /** Makes a head available; not published yet. Split: any number, honest or not. */
    public abstract void offer(int head);

    /**
     * Shows the device everything added since the last time.
     *
     * @return whether the device wants a kick (sections 2.7.10 and 2.8.10)
     */
    public abstract boolean publish();

    /**
     * Takes one used buffer back.
     *
     * @return its head, or -1 when there is none now
     * @throws IllegalStateException when the device returned what it was not given
     */
    public abstract int pollUsed();

    /**
     * Takes one used buffer of a reserved chain back; its descriptors stay reserved.
     *
     * @return its head, or -1 when there is none now
     * @throws IllegalStateException when the device returned what it does not have
     */
    public abstract int takeUsed();

    /** How many used buffers wait to be taken. */
    public abstract int usedCount();

    /** Whether a used buffer waits to be taken. */
    abstract boolean usedWaits();

    /** Tells the device whether calls are wanted. */
    abstract void applyCallState();

    /** Requests that the device has and the driver has not got back. */
    public abstract int inFlight();

    /** How many descriptors are free. */
    public abstract int freeDescriptors();

    /** The index of the next entry of the available ring; packed: slot of the next descriptor. */
    public abstract int availableIndex();

    /** The index of the next used element that the driver will take; packed: its slot. */
    public abstract int lastUsedIndex();

    /**
     * The bytes of a split ring, for everything that an honest driver does not do.
     *
     * @throws IllegalStateException when the ring is packed
     */
    public RawRing ring() {
        throw new IllegalStateException("queue " + layout.index() + " has a packed ring");
    }

    /**
     * The bytes of a packed ring, for everything that an honest driver does not do.
     *
     * @throws IllegalStateException when the ring is split
     */
    public RawPackedRing packedRing() {
        throw new IllegalStateException("queue " + layout.index() + " has a split ring");
    }

    /** Signals the kick eventfd, asked for or not. */
    public final void kick() {
        kicks++;
        kick.signal();
    }

    /** {@link #publish}, and {@link #kick} when it is wanted. */
    public final void publishAndKick() {
        if (publish()) {
            kick();
        }
    }

    /** How many bytes the device says it wrote into the used buffer that was taken last. */
    public final int usedLength() {
        return usedLength;
    }

    final void usedLength(final int value) {
        usedLength = value;
    }

    /** Asks the device for no calls: the driver polls. */
    public final void suppressCalls() {
        callsWanted = false;
        applyCallState();
    }

    /**
     * Asks for a call at the next used buffer.
     *
     * @return whether there is a used buffer already, for which no call may come
     */
    public final boolean requestCalls() {
        callsWanted = true;
        applyCallState();
        VarHandle.fullFence();
        return usedWaits();
    }

    final boolean callsWanted() {
        return callsWanted;
    }

    /**
     * Sleeps until the device has used a buffer.
     *
     * @return false when the time was up first
     */
    public final boolean awaitUsed(final long timeoutNs) {
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
    public final boolean awaitCall(final long timeoutNs) {
        return epoll.await(timeoutNs) > 0 && drainCalls() > 0;
    }

    /** Takes the signals of the call eventfd; returns how many there were. */
    public final long drainCalls() {
        final long got = call.drain();
        calls += got;
        return got;
    }

    /** Kicks sent so far. */
    public final long kicks() {
        return kicks;
    }

    /** Calls taken so far. */
    public final long calls() {
        return calls;
    }

    /** Where the ring is. */
    public final QueueLayout layout() {
        return layout;
    }

    /** The kick eventfd, owned by this queue. */
    public final EventFd kickFd() {
        return kick;
    }

    /** The call eventfd, owned by this queue. */
    public final EventFd callFd() {
        return call;
    }

    final IllegalStateException notGiven(final int head) {
        return new IllegalStateException(
                "queue "
                        + layout.index()
                        + ": device returned head "
                        + head
                        + " at used index "
                        + lastUsedIndex()
                        + ", which it was not given");
    }

    /** Closes the eventfds; the ring stays in its memory. */
    @Override
    public final void close() {
        epoll.close();
        kick.close();
        call.close();
    }
}
