package dev.ringside.vhostuser;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.InflightRegion;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.Virtqueues;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All rings of a session: starts, stops and enables them through the host. */
final class Vrings implements AutoCloseable {
    private final SessionHost host;
    private final HostCalls calls;
    private final Negotiation negotiation;
    private final AddressTranslation translation;
    private final InflightTable inflight;
    private final Runnable onStart;
    private final String remedy;
    private final List<Vring> rings = new ArrayList<>();
    private Function<Vring, @Nullable QueueLog> logs = ring -> null;
    private Runnable beforeStart = () -> {};

    /**
     * @param onStart runs whenever a ring has been started
     * @param remedy what an operator does about too few queues, for a message
     */
    Vrings(
            int count,
            SessionHost host,
            HostCalls calls,
            Negotiation negotiation,
            AddressTranslation translation,
            InflightTable inflight,
            Runnable onStart,
            String remedy) {
        this.host = host;
        this.calls = calls;
        this.negotiation = negotiation;
        this.translation = translation;
        this.inflight = inflight;
        this.onStart = onStart;
        this.remedy = remedy;
        for (int i = 0; i < count; i++) {
            rings.add(new Vring(i));
        }
    }

    /** The device's negotiated features. */
    long features() {
        return negotiation.features();
    }

    /** Says what a ring logs when it starts. */
    void logBy(Function<Vring, @Nullable QueueLog> logOf) {
        logs = logOf;
    }

    /** Says what to run before a ring starts. */
    void beforeStart(Runnable action) {
        beforeStart = action;
    }

    List<Vring> all() {
        return rings;
    }

    /** The ring that a message names. */
    Vring get(FrontendMessage message, long index) throws ProtocolException {
        if (index < 0 || index >= rings.size()) {
            throw new ProtocolException(
                    message.name()
                            + ": vring index is "
                            + index
                            + ": the device has "
                            + rings.size()
                            + " queues: "
                            + remedy);
        }
        return rings.get((int) index);
    }

    boolean anyStarted() {
        return rings.stream().anyMatch(ring -> ring.started);
    }

    boolean anyFaulted() {
        return rings.stream().anyMatch(ring -> ring.faulted);
    }

    /**
     * Starts the ring when everything is there: size, addresses, memory under them and the kick;
     * else it waits for the rest.
     *
     * @throws ProtocolException when everything is there and the ring is not valid
     */
    void startIfReady(FrontendMessage cause, Vring ring, Runnable done) throws ProtocolException {
        if (ring.waitsForMemory()) {
            translation.refresh();
        }
        GuestMemory now = translation.memory();
        RingLayout layout = ring.layoutToStart(now, negotiation.features());
        if (layout == null) {
            translation.wantStart(ring);
            done.run();
            return;
        }
        try {
            start(ring, create(layout, ring, now), now, done);
        } catch (InvalidRingException e) {
            throw new ProtocolException(
                    cause.name() + ": vring " + ring.index + " cannot start: " + e.getMessage(), e);
        }
    }

    private Virtqueue create(RingLayout layout, Vring ring, GuestMemory now)
            throws InvalidRingException {
        long features = negotiation.features();
        return Virtqueues.create(layout, ring.base(features), features, now, inflight.region());
    }

    private void start(Vring ring, Virtqueue queue, GuestMemory now, Runnable done) {
        beforeStart.run();
        ring.started = true;
        ring.faulted = false;
        // Without VHOST_USER_F_PROTOCOL_FEATURES a ring starts enabled, and stays so.
        ring.enabled |= !negotiation.protocolFeaturesTaken();
        queue.log(logs.apply(ring));
        queue.onMiss(
                (index, pages, access) ->
                        host.post(() -> translation.missed(index, pages, access)));
        QueueStart start =
                new QueueStart(
                        queue,
                        now,
                        inflight.region(),
                        ring.kick(),
                        ring.call,
                        ring.err,
                        ring.enabled);
        host.startQueue(
                start,
                calls.then(
                        () -> {
                            onStart.run();
                            done.run();
                        }));
    }

    /**
     * Starts every ring that waited for memory. One that is not valid is not the memory message's
     * fault: it is marked, and its error eventfd signalled.
     */
    void startAllReady(FrontendMessage cause, Runnable done) {
        startReadyFrom(cause, 0, done);
    }

    private void startReadyFrom(FrontendMessage cause, int first, Runnable done) {
        for (int i = first; i < rings.size(); i++) {
            Vring ring = rings.get(i);
            if (ring.layoutToStart(translation.memory(), negotiation.features()) == null) {
                translation.wantStart(ring);
                continue;
            }
            int next = i + 1;
            try {
                startIfReady(cause, ring, () -> startReadyFrom(cause, next, done));
                return;
            } catch (ProtocolException e) {
                ring.broken();
                host.refused(String.valueOf(e.getMessage()));
            }
        }
        done.run();
    }

    /** Stops a started ring; its base is known afterwards. */
    void stop(Vring ring, Runnable done) {
        host.stopQueue(
                ring.index,
                calls.taking(
                        queue -> {
                            ring.setBase(queue.base());
                            ring.stopped();
                            noteEnd(queue);
                            if (!anyStarted()) {
                                translation.clear();
                            }
                            done.run();
                        }));
    }

    private void noteEnd(Virtqueue queue) {
        InflightRegion region = inflight.region();
        if (region != null && queue.fault() == null && queue.inFlight() == 0) {
            region.ended(queue.index());
        }
    }

    /** Stops every started ring, one after the other. */
    void stopAll(Runnable done) {
        stopFrom(0, done);
    }

    private void stopFrom(int first, Runnable done) {
        for (int i = first; i < rings.size(); i++) {
            if (rings.get(i).started) {
                int next = i + 1;
                stop(rings.get(i), () -> stopFrom(next, done));
                return;
            }
        }
        done.run();
    }

    /**
     * Stops every started ring for a while, all at a time. What the front-end has set up, the kicks
     * included, lasts: {@link #unpark} goes on where they were.
     */
    void park(Runnable done) {
        List<Vring> running = rings.stream().filter(ring -> ring.started).toList();
        Runnable oneDone = Countdown.of(running.size(), done);
        for (Vring ring : running) {
            host.stopQueue(
                    ring.index,
                    calls.taking(
                            queue -> {
                                ring.park(queue);
                                oneDone.run();
                            }));
        }
    }

    /** Starts again what was parked, all at a time. One that cannot be is marked as broken. */
    void unpark(Runnable done) {
        translation.refresh();
        GuestMemory now = translation.memory();
        List<Vring> parked = rings.stream().filter(ring -> ring.parked).toList();
        Runnable oneDone = Countdown.of(parked.size(), done);
        for (Vring ring : parked) {
            unpark(ring, now, oneDone);
        }
        // What waited when the session was saved is asked for by nobody else.
        rings.stream().filter(Vring::waitsForMemory).forEach(translation::wantStart);
    }

    private void unpark(Vring ring, GuestMemory now, Runnable done) {
        RingFault fault = ring.unpark();
        RingLayout layout = ring.layoutToStart(now, negotiation.features());
        String reason = "its memory is not there any more";
        try {
            if (layout != null) {
                Virtqueue queue = create(layout, ring, now);
                if (fault != null) {
                    queue.fail(fault);
                }
                start(ring, queue, now, done);
                ring.faulted = fault != null;
                return;
            }
        } catch (InvalidRingException e) {
            reason = String.valueOf(e.getMessage());
        }
        if (fault == null && translation.wantStart(ring)) {
            done.run();
            return;
        }
        ring.broken();
        if (fault == null) {
            host.refused("vring " + ring.index + " cannot go on: " + reason);
        }
        done.run();
    }

    /** What the front-end has said of each ring; the descriptors stay theirs. */
    List<SavedRing> save() {
        return rings.stream().filter(ring -> !ring.untouched()).map(Vring::save).toList();
    }

    /** Takes over what was saved, as parked. */
    void restore(List<SavedRing> saved) throws ProtocolException, LinuxException {
        for (SavedRing ring : saved) {
            if (ring.index() < 0 || ring.index() >= rings.size()) {
                throw new ProtocolException(
                        "vring "
                                + ring.index()
                                + " is in use: the device has only "
                                + rings.size()
                                + " queues");
            }
            rings.get(ring.index()).restore(ring);
        }
    }

    /** Remembers the enable state, and tells the host when it is news to a started ring. */
    void enable(Vring ring, boolean enabled, Runnable done) {
        boolean changed = ring.enabled != enabled;
        ring.enabled = enabled;
        if (changed && ring.started) {
            host.enableQueue(ring.index, enabled, calls.then(done));
        } else {
            done.run();
        }
    }

    /** Enables every ring, one after the other. */
    void enableAll(Runnable done) {
        enableFrom(0, done);
    }

    private void enableFrom(int first, Runnable done) {
        if (first == rings.size()) {
            done.run();
        } else {
            enable(rings.get(first), true, () -> enableFrom(first + 1, done));
        }
    }

    /** Forgets everything about all rings, which are stopped. */
    void resetAll() {
        rings.forEach(Vring::reset);
    }

    /** Forgets everything about all rings, which are stopped, except where they were. */
    void resetAllByStatus() {
        long features = negotiation.features();
        rings.forEach(ring -> ring.resetByStatus(features));
    }

    @Override
    public void close() {
        rings.forEach(Vring::close);
    }
}
