package dev.ringside.vhostuser;

import dev.ringside.shm.DirtyLog;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.VirtioSpec;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which writes to guest memory are logged, and where (vhost-user.rst, Migration). Three things make
 * a queue log: the log (SET_LOG_BASE), VHOST_F_LOG_ALL for what goes into buffers, and
 * VHOST_VRING_F_LOG for what goes into its ring. They come in any order, and while rings run.
 */
final class DirtyLogging implements AutoCloseable {
    private final Vrings vrings;
    private final SessionHost host;
    private final HostCalls calls;
    private final Negotiation negotiation;
    private final Supplier<GuestMemory> memory;
    private @Nullable DirtyLog log;
    private @Nullable EventFd changed;

    DirtyLogging(
            Vrings vrings,
            SessionHost host,
            HostCalls calls,
            Negotiation negotiation,
            Supplier<GuestMemory> memory) {
        this.vrings = vrings;
        this.host = host;
        this.calls = calls;
        this.negotiation = negotiation;
        this.memory = memory;
    }

    /** What a ring logs now; null: nothing. */
    @Nullable QueueLog logOf(Vring ring) {
        DirtyLog now = log;
        boolean data = negotiation.logsAll();
        boolean ringToo = ring.logged();
        return now == null || !(data || ringToo)
                ? null
                : new QueueLog(now, data, ringToo, ring.logAddress(), changed);
    }

    /**
     * SET_LOG_BASE: another log, or the first. Front-ends read the log before as soon as they have
     * the answer, so that comes when no queue writes there any more.
     */
    void setBase(FrontendMessage message, Answer answer) throws ProtocolException {
        if (!negotiation.has(VhostUserSpec.PROTOCOL_F_LOG_SHMFD)) {
            UnofferedRequests.answer(message, answer);
            return;
        }
        ByteBuffer payload = message.payload();
        if (payload.remaining() != VhostUserSpec.LOG_SIZE) {
            throw new ProtocolException(
                    message.name()
                            + ": payload is "
                            + payload.remaining()
                            + " bytes: must be "
                            + VhostUserSpec.LOG_SIZE);
        }
        long size = payload.getLong();
        long offset = payload.getLong();
        DirtyLog next = map(message.takeFd(), size, offset, message);
        DirtyLog before = log;
        log = next;
        apply(() -> closeIfAny(before), () -> answer.reply(message.bytes()));
    }

    private DirtyLog map(Fd fd, long size, long offset, FrontendMessage message)
            throws ProtocolException {
        DirtyLog mapped;
        try {
            mapped = DirtyLog.map(fd, size, offset);
        } catch (LinuxException e) {
            throw new ProtocolException(message.name() + ": " + e.getMessage(), e);
        }
        try {
            checkCovers(message, mapped);
            return mapped;
        } catch (ProtocolException e) {
            mapped.close();
            throw e;
        }
    }

    /** "Which should be large enough to cover all known guest addresses." */
    private void checkCovers(FrontendMessage message, DirtyLog candidate) throws ProtocolException {
        for (MemoryRegion region : memory.get().regions()) {
            if (!candidate.covers(region.guestAddress(), region.sizeBytes())) {
                throw tooSmall(message, candidate, region.toString());
            }
        }
        for (Vring ring : vrings.all()) {
            checkCovers(message, candidate, ring);
        }
    }

    private void checkCovers(FrontendMessage message, DirtyLog candidate, Vring ring)
            throws ProtocolException {
        if (ring.logged()
                && !behindIommu()
                && !candidate.covers(ring.logAddress(), ring.usedBytes(negotiation.features()))) {
            throw tooSmall(
                    message,
                    candidate,
                    "the used ring of vring "
                            + ring.index
                            + ", logged at 0x"
                            + Long.toHexString(ring.logAddress()));
        }
    }

    /** A ring is logged by where it lies then, and the address that it is given is the driver's. */
    private boolean behindIommu() {
        return (negotiation.features() & VirtioSpec.VIRTIO_F_ACCESS_PLATFORM) != 0;
    }

    private static ProtocolException tooSmall(
            FrontendMessage message, DirtyLog log, String beyond) {
        return new ProtocolException(
                message.name()
                        + ": a log of "
                        + log.sizeBytes()
                        + " bytes, 8 pages each, does not cover "
                        + beyond);
    }

    /** SET_LOG_FD: whom to tell that the log changed. */
    void setFd(FrontendMessage message, Answer answer) throws ProtocolException {
        if (!negotiation.has(VhostUserSpec.PROTOCOL_F_LOG_SHMFD)) {
            UnofferedRequests.answer(message, answer);
            return;
        }
        EventFd before = changed;
        try {
            changed = EventFd.adoptToSignal(message.takeFd());
        } catch (LinuxException e) {
            throw new ProtocolException(message.name() + ": " + e.getMessage(), e);
        }
        apply(() -> Vring.closeIfAny(before), answer::done);
    }

    /** SET_VRING_ADDR said that a ring is logged: refuses where the log has no room for it. */
    void check(FrontendMessage message, Vring ring) throws ProtocolException {
        DirtyLog now = log;
        if (now != null) {
            checkCovers(message, now, ring);
        }
    }

    /** Has the started queues log what they are to log now. */
    void apply(Runnable done) {
        apply(() -> {}, done);
    }

    /**
     * As {@link #apply(Runnable)}.
     *
     * @param release of what they used before, when they do not any more
     */
    private void apply(Runnable release, Runnable done) {
        if (vrings.anyStarted()) {
            host.setQueueLogs(index -> logOf(vrings.all().get(index)), calls.then(release, done));
        } else {
            release.run();
            done.run();
        }
    }

    /** For a session that goes on elsewhere; the descriptors stay this one's. */
    SavedLogging save() {
        DirtyLog now = log;
        EventFd listener = changed;
        return new SavedLogging(
                negotiation.logsAll(),
                now == null
                        ? null
                        : new SavedLogging.Log(now.fd(), now.sizeBytes(), now.offsetBytes()),
                listener == null ? null : listener.fd());
    }

    /** Goes on with what was saved, whose descriptors it takes. */
    void restore(SavedLogging saved) throws LinuxException {
        SavedLogging.Log before = saved.log();
        if (before != null) {
            log = DirtyLog.map(before.file(), before.sizeBytes(), before.offset());
        }
        Fd listener = saved.changed();
        if (listener != null) {
            changed = EventFd.adopt(listener);
        }
    }

    private static void closeIfAny(@Nullable DirtyLog log) {
        if (log != null) {
            log.close();
        }
    }

    @Override
    public void close() {
        closeIfAny(log);
        log = null;
        Vring.closeIfAny(changed);
        changed = null;
    }
}
