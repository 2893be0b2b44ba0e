package dev.ringside.vhostuser;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.vhostuser.Payloads.VringAddresses;
import dev.ringside.virtqueue.RingLayout;
import org.jspecify.annotations.Nullable;

/**
 * What the front-end has said about one ring. Started and enabled are independent of each other
 * (vhost-user.rst, Ring states); the enable state is remembered while the ring is stopped.
 */
final class Vring implements AutoCloseable {
    // Virtio 1.3, 2.7 Split Virtqueues: bytes per entry, and before the entries
    private static final int DESCRIPTOR_SIZE = 16;
    private static final int AVAILABLE_ENTRY_SIZE = 2;
    private static final int USED_ENTRY_SIZE = 8;
    private static final int RING_HEADER_SIZE = 4;
    private static final int NOWHERE = -1;

    final int index;
    int size;
    private int base;

    /** Its base when the device status became zero, until it has another; negative: none. */
    private int stoppedAt = NOWHERE;

    boolean enabled;
    boolean started;
    boolean faulted;
    @Nullable EventFd call;
    @Nullable EventFd err;
    private @Nullable VringAddresses addresses;
    private @Nullable EventFd kick;
    private boolean kicked;

    Vring(int index) {
        this.index = index;
    }

    /** Available index of the first chain to take. */
    int base() {
        return base;
    }

    void setBase(int index) {
        base = index;
        stoppedAt = NOWHERE;
    }

    /** What GET_VRING_BASE tells. */
    int baseToTell() {
        return stoppedAt < 0 ? base : stoppedAt;
    }

    @Nullable VringAddresses addresses() {
        return addresses;
    }

    void setAddresses(@Nullable VringAddresses given) {
        addresses = given;
    }

    @Nullable EventFd kick() {
        return kick;
    }

    /**
     * Remembers SET_VRING_KICK, by which the ring starts as soon as the rest is known.
     *
     * @return the kick before
     */
    @Nullable EventFd setKick(@Nullable EventFd given) {
        EventFd before = kick;
        kick = given;
        kicked = true;
        return before;
    }

    /** The ring's layout when it has to be started now, else null: something is missing. */
    @Nullable RingLayout layoutToStart(GuestMemory memory) {
        VringAddresses given = addresses;
        if (!kicked || started || size == 0 || given == null || !mapped(given, memory)) {
            return null;
        }
        return new RingLayout(index, size, given.descriptor(), given.available(), given.used());
    }

    private boolean mapped(VringAddresses given, GuestMemory memory) {
        return mapped(memory, given.descriptor(), (long) DESCRIPTOR_SIZE * size)
                && mapped(
                        memory,
                        given.available(),
                        RING_HEADER_SIZE + (long) AVAILABLE_ENTRY_SIZE * size)
                && mapped(memory, given.used(), RING_HEADER_SIZE + (long) USED_ENTRY_SIZE * size);
    }

    private static boolean mapped(GuestMemory memory, long userAddress, long length) {
        return memory.sliceUser(userAddress, length) != null;
    }

    RingState state() {
        return new RingState(index, size, started, enabled, kicked && !started, faulted);
    }

    /** The ring was stopped, or will not be started: it needs another SET_VRING_KICK. */
    void stopped() {
        started = false;
        faulted = false;
        dropKick();
    }

    /** The ring cannot be started as it is; told to whoever listens on its error eventfd. */
    void broken() {
        faulted = true;
        dropKick();
        if (err != null) {
            err.signal();
        }
    }

    private void dropKick() {
        kicked = false;
        closeIfAny(kick);
        kick = null;
    }

    /**
     * Back to the state of a new session, except call and err: front-ends send those once, before
     * the reset, and expect them to last.
     */
    void reset() {
        stopped();
        enabled = false;
        size = 0;
        setBase(0);
        addresses = null;
    }

    /**
     * As {@link #reset}, by a device status of zero. QEMU 7.1 to 7.2 writes that before it asks for
     * the bases of a device that it only suspends: it must learn where the ring was.
     */
    void resetByStatus() {
        int last = baseToTell();
        reset();
        stoppedAt = last;
    }

    @Override
    public void close() {
        stopped();
        closeIfAny(call);
        closeIfAny(err);
        call = null;
        err = null;
    }

    static void closeIfAny(@Nullable EventFd fd) {
        if (fd != null) {
            fd.close();
        }
    }
}
