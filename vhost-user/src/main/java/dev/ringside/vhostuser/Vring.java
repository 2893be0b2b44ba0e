package dev.ringside.vhostuser;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import dev.ringside.shm.LinuxException;
import dev.ringside.vhostuser.Payloads.VringAddresses;
import dev.ringside.vhostuser.Payloads.VringLog;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.Virtqueues;
import java.util.List;
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
    private static final int EVENT_SIZE = 2;

    /** Without an IOMMU a ring whose event words are not mapped is refused, and does not wait. */
    private static final long EVENTS_TRANSLATED =
            VirtioSpec.VIRTIO_RING_F_EVENT_IDX | VirtioSpec.VIRTIO_F_ACCESS_PLATFORM;

    // Virtio 1.3, 2.8.10.1 Structure Size and Alignment
    private static final int EVENT_SUPPRESSION_SIZE = 4;

    final int index;
    int size;

    /** Null: the front-end sent none, a ring that nobody has used yet. */
    private @Nullable Integer base;

    /** Its base when the device status became zero, until it has another; null: none. */
    private @Nullable Integer stoppedAt;

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
    private VringLog log = VringLog.OFF;
    private @Nullable EventFd kick;
    private boolean kicked;

    Vring(int index) {
        this.index = index;
    }

    /** Where it goes on, in the form of split or packed rings. */
    int base(long features) {
        Integer known = base;
        return known == null ? Virtqueues.startBase(features) : known;
    }

    void setBase(int given) {
        base = given;
        stoppedAt = null;
    }

    /** What GET_VRING_BASE tells. */
    int baseToTell(long features) {
        Integer stopped = stoppedAt;
        return stopped == null ? base(features) : stopped;
    }

    @Nullable VringAddresses addresses() {
        return addresses;
    }

    void setAddresses(@Nullable VringAddresses given) {
        addresses = given;
    }

    void setLog(VringLog given) {
        log = given;
    }

    VringLog log() {
        return log;
    }

    /** Whether writes to the used ring are logged, as soon as there is a log. */
    boolean logged() {
        return log.on();
    }

    /** What the used ring's first byte is logged as. */
    long logAddress() {
        return log.address();
    }

    /** Bytes of the device area, of a split ring without the event, which a driver may not have. */
    long usedBytes(long features) {
        return Virtqueues.isPacked(features)
                ? EVENT_SUPPRESSION_SIZE
                : RING_HEADER_SIZE + (long) USED_ENTRY_SIZE * size;
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
    @Nullable RingLayout layoutToStart(GuestMemory memory, long features) {
        VringAddresses given = addresses;
        if (!waitsForMemory() || given == null || !mapped(memory, features)) {
            return null;
        }
        return new RingLayout(index, size, given.descriptor(), given.available(), given.used());
    }

    /** Whether the ring starts as soon as its areas are mapped, and translated. */
    boolean waitsForMemory() {
        return kicked && !started && size != 0 && addresses != null;
    }

    private boolean mapped(GuestMemory memory, long features) {
        for (VringArea area : areas(features)) {
            if (!area.isIn(memory)) {
                return false;
            }
        }
        return true;
    }

    /** The areas of a ring that runs or could start; else none. */
    List<VringArea> areasInUse(long features) {
        return started || waitsForMemory() ? areas(features) : List.of();
    }

    /** Packed: "available" is the driver event suppression and "used" the device's. */
    private List<VringArea> areas(long features) {
        VringAddresses given = addresses;
        if (given == null) {
            return List.of();
        }
        boolean packed = Virtqueues.isPacked(features);
        boolean events = (features & EVENTS_TRANSLATED) == EVENTS_TRANSLATED && !packed;
        long more = events ? EVENT_SIZE : 0;
        long availableSize =
                packed
                        ? EVENT_SUPPRESSION_SIZE
                        : RING_HEADER_SIZE + (long) AVAILABLE_ENTRY_SIZE * size;
        return List.of(
                new VringArea(
                        given.descriptor(),
                        (long) DESCRIPTOR_SIZE * size,
                        packed ? Iotlb.READ_WRITE : Iotlb.READ),
                new VringArea(given.available(), availableSize + more, Iotlb.READ),
                new VringArea(given.used(), usedBytes(features) + more, Iotlb.WRITE));
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
                && base == null
                && stoppedAt == null
                && !enabled
                && !kicked
                && !faulted
                && addresses == null
                && call == null
                && err == null;
    }

    /** Everything; the descriptors stay this ring's. */
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
                log.on() ? log.address() : null,
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
        Long logged = saved.logAddress();
        log = logged == null ? VringLog.OFF : new VringLog(true, logged);
        kick = adopt(saved.kick());
        call = saved.call() == null ? null : EventFd.adoptToSignal(saved.call());
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
        base = null;
        stoppedAt = null;
        addresses = null;
        log = VringLog.OFF;
    }

    /**
     * As {@link #reset}, by a device status of zero. QEMU 7.1 to 7.2 writes that before it asks for
     * the bases of a device that it only suspends: it must learn where the ring was.
     */
    void resetByStatus(long features) {
        int last = baseToTell(features);
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
