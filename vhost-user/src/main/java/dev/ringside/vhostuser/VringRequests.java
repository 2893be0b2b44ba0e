package dev.ringside.vhostuser;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.vhostuser.Payloads.VringAddresses;
import dev.ringside.vhostuser.Payloads.VringLog;
import dev.ringside.vhostuser.Payloads.VringState;
import dev.ringside.virtqueue.Virtqueues;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The requests about one ring. */
final class VringRequests {
    private static final int MAX_SPLIT_BASE = 0xffff;

    private final Vrings vrings;
    private final SessionHost host;
    private final HostCalls calls;
    private final DirtyLogging logging;
    private final int maxQueueSize;

    VringRequests(
            Vrings vrings,
            SessionHost host,
            HostCalls calls,
            DirtyLogging logging,
            int maxQueueSize) {
        this.logging = logging;
        this.vrings = vrings;
        this.host = host;
        this.calls = calls;
        this.maxQueueSize = Math.min(maxQueueSize, VhostUserSpec.MAX_SPLIT_QUEUE_SIZE);
    }

    void setNum(FrontendMessage message, Answer answer) throws ProtocolException {
        VringState state = VringState.decode(message.payload());
        Vring ring = ring(message, state);
        int size = state.num();
        checkSize(message, size);
        if (size == ring.size) {
            answer.done();
        } else if (ring.started) {
            change(ring, () -> ring.size = size, answer);
        } else {
            int before = ring.size;
            ring.size = size;
            startIfReady(message, ring, answer, () -> ring.size = before);
        }
    }

    private void checkSize(FrontendMessage message, int size) throws ProtocolException {
        boolean packed = Virtqueues.isPacked(vrings.features());
        if (size <= 0 || size > maxQueueSize || (!packed && Integer.bitCount(size) != 1)) {
            throw new ProtocolException(
                    message.name()
                            + ": num is "
                            + Integer.toUnsignedString(size)
                            + (packed
                                    ? ": a packed ring's size is at least 1, here at most "
                                    : ": a ring's size is a power of two, here at most ")
                            + maxQueueSize);
        }
    }

    void setAddr(FrontendMessage message, Answer answer) throws ProtocolException {
        ByteBuffer payload = message.payload();
        Vring ring = vrings.get(message, Integer.toUnsignedLong(payload.getInt()));
        boolean logged = (payload.getInt() & VhostUserSpec.VRING_F_LOG) != 0;
        VringAddresses addresses =
                new VringAddresses(payload.getLong(), payload.getLong(), payload.getLong());
        boolean logChanged = setLog(message, ring, new VringLog(logged, payload.getLong()));
        VringAddresses before = ring.addresses();
        if (addresses.equals(before)) {
            // They come again, while the ring runs, when logging is switched.
            if (logChanged) {
                logging.apply(answer::done);
            } else {
                answer.done();
            }
        } else if (ring.started) {
            change(ring, () -> ring.setAddresses(addresses), answer);
        } else {
            ring.setAddresses(addresses);
            startIfReady(message, ring, answer, () -> ring.setAddresses(before));
        }
    }

    /** Whether that is news. */
    private boolean setLog(FrontendMessage message, Vring ring, VringLog wanted)
            throws ProtocolException {
        VringLog before = ring.log();
        ring.setLog(wanted);
        try {
            logging.check(message, ring);
        } catch (ProtocolException e) {
            ring.setLog(before);
            throw e;
        }
        return !wanted.equals(before);
    }

    void setBase(FrontendMessage message, Answer answer) throws ProtocolException {
        VringState state = VringState.decode(message.payload());
        Vring ring = ring(message, state);
        int base = state.num();
        boolean packed = Virtqueues.isPacked(vrings.features());
        if (!packed && (base < 0 || base > MAX_SPLIT_BASE)) {
            throw new ProtocolException(
                    message.name()
                            + ": num is "
                            + Integer.toUnsignedString(base)
                            + ": a split ring's base has 16 bits");
        }
        if (ring.started) {
            change(ring, () -> ring.setBase(base), answer);
        } else {
            ring.setBase(base);
            answer.done();
        }
    }

    /** Stops the ring. Answered when the last request of the ring is done, and not before. */
    void getBase(FrontendMessage message, Answer answer) throws ProtocolException {
        Vring ring = ring(message, VringState.decode(message.payload()));
        if (ring.started) {
            vrings.stop(ring, () -> replyBase(ring, answer));
        } else {
            ring.stopped();
            replyBase(ring, answer);
        }
    }

    private void replyBase(Vring ring, Answer answer) {
        answer.reply(Replies.vringState(ring.index, ring.baseToTell(vrings.features())));
    }

    void setEnable(FrontendMessage message, Answer answer) throws ProtocolException {
        VringState state = VringState.decode(message.payload());
        Vring ring = ring(message, state);
        if (state.num() != 0 && state.num() != 1) {
            throw new ProtocolException(
                    message.name()
                            + ": num is "
                            + Integer.toUnsignedString(state.num())
                            + ": 0 disables, 1 enables");
        }
        vrings.enable(ring, state.num() == 1, answer::done);
    }

    void setKick(FrontendMessage message, Answer answer) throws ProtocolException {
        Vring ring = ringOfFile(message);
        EventFd kick = eventFd(message, EventFd::adopt);
        EventFd before = ring.setKick(kick);
        if (ring.started) {
            Runnable done = calls.then(() -> Vring.closeIfAny(before), answer::done);
            host.setKick(ring.index, kick, done);
        } else {
            Vring.closeIfAny(before);
            startIfReady(message, ring, answer, ring::stopped);
        }
    }

    private void startIfReady(FrontendMessage message, Vring ring, Answer answer, Runnable undo)
            throws ProtocolException {
        try {
            vrings.startIfReady(message, ring, answer::done);
        } catch (ProtocolException e) {
            undo.run();
            throw e;
        }
    }

    void setCall(FrontendMessage message, Answer answer) throws ProtocolException {
        Vring ring = ringOfFile(message);
        EventFd call = eventFd(message, EventFd::adoptToSignal);
        EventFd before = ring.call;
        ring.call = call;
        if (ring.started) {
            Runnable done = calls.then(() -> Vring.closeIfAny(before), answer::done);
            host.setCall(ring.index, call, done);
        } else {
            Vring.closeIfAny(before);
            answer.done();
        }
    }

    void setErr(FrontendMessage message, Answer answer) throws ProtocolException {
        Vring ring = ringOfFile(message);
        EventFd err = eventFd(message, EventFd::adopt);
        EventFd before = ring.err;
        ring.err = err;
        if (ring.started) {
            Runnable done = calls.then(() -> Vring.closeIfAny(before), answer::done);
            host.setErr(ring.index, err, done);
        } else {
            Vring.closeIfAny(before);
            answer.done();
        }
    }

    private Vring ring(FrontendMessage message, VringState state) throws ProtocolException {
        return vrings.get(message, Integer.toUnsignedLong(state.index()));
    }

    /** The ring of SET_VRING_KICK, CALL and ERR: the index is in bits 0-7. */
    private Vring ringOfFile(FrontendMessage message) throws ProtocolException {
        long payload = message.u64();
        if ((payload & ~(VhostUserSpec.VRING_INDEX_MASK | VhostUserSpec.VRING_NO_FD)) != 0) {
            throw new ProtocolException(
                    message.name()
                            + ": payload is 0x"
                            + Long.toHexString(payload)
                            + ": only bits 0-8 have a meaning");
        }
        return vrings.get(message, payload & VhostUserSpec.VRING_INDEX_MASK);
    }

    private interface Adoption {
        EventFd adopt(Fd fd) throws LinuxException;
    }

    /** The eventfd that came along; null: bit 8 says that there is none. */
    private static @Nullable EventFd eventFd(FrontendMessage message, Adoption adoption)
            throws ProtocolException {
        if ((message.u64() & VhostUserSpec.VRING_NO_FD) != 0) {
            return null;
        }
        try {
            return adoption.adopt(message.takeFd());
        } catch (LinuxException e) {
            throw new ProtocolException(message.name() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Changes a started ring. cloud-hypervisor and DPDK's virtio_user, in older releases, set a
     * ring up anew after no more than disabling it: that stops it, until it is kicked again.
     */
    private void change(Vring ring, Runnable change, Answer answer) {
        vrings.stop(
                ring,
                () -> {
                    change.run();
                    answer.done();
                });
    }
}
