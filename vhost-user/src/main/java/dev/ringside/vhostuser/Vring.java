package dev.ringside.vhostuser;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.vhostuser.Payloads.VringAddresses;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.Virtqueue;
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

    /** It ran when the session was parked, and shall when that is over. */
    boolean parked;

    /** Why it had stopped itself when it was parked. */
    private @Nullable RingFault parkedFault;

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

    /** The host stopped it for a while: everything but where it is lasts. */
    void park(Virtqueue queue) {
        setBase(queue.base());
        parkedFault = queue.fault();
        started = false;
        parked = true;
    }

    /** Parking is over; what its queue had been stopped by. */
    @Nullable RingFault unpark() {
        RingFault fault = parkedFault;
        parkedFault = null;
        parked = false;
        return fault;
    }

    /** Whether the front-end has said nothing of it. */
    boolean untouched() {
        return size == 0
                && base == 0
                && stoppedAt < 0
                && !enabled
                && !kicked
                && !faulted
                && addresses == null
                && call == null
                && err == null;
    }

    /** Everything but the log of its addresses; the descriptors stay this ring's. */
    SavedRing save() {
        VringAddresses at = addresses;
        return new SavedRing(
                index,
                size,
                base,
                stoppedAt,
                enabled,
                parked,
                kicked,
                faulted,
                parkedFault,
                at == null
                        ? null
                        : new SavedRing.Addresses(at.descriptor(), at.available(), at.used()),
                fdOf(kick),
                fdOf(call),
                fdOf(err));
    }

    /** Takes over what was saved, descriptors included. */
    void restore(SavedRing saved) throws LinuxException {
        size = saved.size();
        base = saved.base();
        stoppedAt = saved.stoppedAt();
        enabled = saved.enabled();
        parked = saved.running();
        kicked = saved.kicked();
        faulted = saved.faulted();
        parkedFault = saved.fault();
        SavedRing.Addresses at = saved.addresses();
        addresses =
                at == null ? null : new VringAddresses(at.descriptor(), at.used(), at.available());
        kick = adopt(saved.kick());
        call = adopt(saved.call());
        err = adopt(saved.err());
    }

    private static @Nullable Fd fdOf(@Nullable EventFd eventFd) {
        return eventFd == null ? null : eventFd.fd();
    }

    private static @Nullable EventFd adopt(@Nullable Fd fd) throws LinuxException {
        return fd == null ? null : EventFd.adopt(fd);
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
