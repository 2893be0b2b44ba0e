package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.InflightRegion;
import dev.ringside.virtqueue.VirtioSpec;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * GET_INFLIGHT_FD and SET_INFLIGHT_FD (vhost-user.rst, Inflight I/O tracking). The region outlives
 * back-ends: the front-end gets one from the first, and shows it to that one and to each that comes
 * after it.
 */
final class InflightTable implements AutoCloseable {
    private static final int MAX_QUEUE_SIZE = VhostUserSpec.MAX_SPLIT_QUEUE_SIZE;

    private final Negotiation negotiation;
    private final SessionLimits limits;
    private final int maxQueues;
    private @Nullable InflightRegion region;
    private Consumer<InflightRegion> onRegion = ignored -> {};

    /** Takes the region's place when the rings have stopped. */
    private @Nullable InflightRegion next;

    InflightTable(Negotiation negotiation, SessionLimits limits, int maxQueues) {
        this.negotiation = negotiation;
        this.limits = limits;
        this.maxQueues = maxQueues;
    }

    /** Says what to run when the front-end has given a region, while no ring runs. */
    void onRegion(Consumer<InflightRegion> action) {
        onRegion = action;
    }

    /** "Inflight description". */
    private record Description(long mmapSize, long mmapOffset, int queues, int queueSize) {
        static Description decode(ByteBuffer payload) {
            return new Description(
                    payload.getLong(),
                    payload.getLong(),
                    Short.toUnsignedInt(payload.getShort()),
                    Short.toUnsignedInt(payload.getShort()));
        }
    }

    /** Where the queues that start from now on note what is in flight; null: nowhere. */
    @Nullable InflightRegion region() {
        return region;
    }

    /**
     * Makes a region. It is in use only once the front-end has sent it back. An mmap size of 0, and
     * no descriptor, says that there is none.
     */
    void get(FrontendMessage message, Answer answer) {
        int bytes = message.payload().remaining();
        if (!negotiation.has(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD)
                || bytes < VhostUserSpec.INFLIGHT_MIN_SIZE) {
            UnofferedRequests.answer(message, answer);
            return;
        }
        Description wanted = Description.decode(message.payload());
        try {
            check(message, wanted);
            try (InflightRegion made =
                    InflightRegion.create(wanted.queues, wanted.queueSize, packed())) {
                byte[] reply = new byte[bytes];
                ByteBuffer.wrap(reply)
                        .order(VhostUserSpec.BYTE_ORDER)
                        .putLong(made.sizeBytes())
                        .putLong(made.offset())
                        .putShort((short) wanted.queues)
                        .putShort((short) wanted.queueSize);
                answer.reply(reply, made.fd().duplicate());
            }
        } catch (ProtocolException | LinuxException e) {
            answer.refuse(message.name() + ": " + e.getMessage(), new byte[bytes]);
        }
    }

    /**
     * Takes a region: this back-end's, the one's before it, or any other. It may come before or
     * after the memory and without having been asked for. Rings that run are stopped until they are
     * kicked again: their notes must not change places while something is in flight.
     */
    void set(FrontendMessage message, Vrings vrings, Answer answer) throws ProtocolException {
        if (!negotiation.has(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD)) {
            UnofferedRequests.answer(message, answer);
            return;
        }
        Description given = Description.decode(message.payload());
        check(message, given);
        long needed = InflightRegion.sizeBytes(given.queues, given.queueSize, packed());
        if (given.mmapSize < needed || given.mmapSize > limits.maxMappedBytes()) {
            throw new ProtocolException(
                    message.name()
                            + ": mmap size is "
                            + Long.toUnsignedString(given.mmapSize)
                            + ": "
                            + given.queues
                            + " queues of "
                            + given.queueSize
                            + " need "
                            + needed);
        }
        InflightRegion taken = map(message, given);
        next = taken;
        vrings.stopAll(
                () -> {
                    next = null;
                    replace(taken);
                    onRegion.accept(taken);
                    answer.done();
                });
    }

    private void check(FrontendMessage message, Description given) throws ProtocolException {
        if (given.queues < 1 || given.queues > maxQueues) {
            throw new ProtocolException(
                    message.name()
                            + ": num queues is "
                            + given.queues
                            + ": the device has "
                            + maxQueues);
        }
        if (given.queueSize < 1 || given.queueSize > MAX_QUEUE_SIZE) {
            throw new ProtocolException(
                    message.name()
                            + ": queue size is "
                            + given.queueSize
                            + ": must be 1 to "
                            + MAX_QUEUE_SIZE);
        }
    }

    private static InflightRegion map(FrontendMessage message, Description given)
            throws ProtocolException {
        Fd fd = message.takeFd();
        try {
            return InflightRegion.map(
                    fd, given.mmapSize, given.mmapOffset, given.queues, given.queueSize);
        } catch (LinuxException e) {
            throw new ProtocolException(message.name() + ": " + e.getMessage(), e);
        }
    }

    private boolean packed() {
        return (negotiation.features() & VirtioSpec.VIRTIO_F_RING_PACKED) != 0;
    }

    private void replace(@Nullable InflightRegion other) {
        closeIfAny(region);
        region = other;
    }

    private static void closeIfAny(@Nullable InflightRegion region) {
        if (region != null) {
            region.close();
        }
    }

    /** For a session that goes on elsewhere; the descriptor stays this one's. */
    @Nullable SavedInflight save() {
        InflightRegion now = region;
        return now == null
                ? null
                : new SavedInflight(
                        now.fd(), now.sizeBytes(), now.offset(), now.queues(), now.queueSize());
    }

    /** Goes on with what was saved, whose descriptor it takes. */
    void restore(@Nullable SavedInflight saved) throws LinuxException {
        if (saved != null) {
            replace(
                    InflightRegion.map(
                            saved.file(),
                            saved.sizeBytes(),
                            saved.offset(),
                            saved.queues(),
                            saved.queueSize()));
        }
    }

    /** The device was reset: what was in flight is the driver's again. Every ring is stopped. */
    void reset() {
        replace(null);
    }

    /** Unmaps the region. Every ring is stopped. */
    @Override
    public void close() {
        replace(null);
        closeIfAny(next);
        next = null;
    }
}
