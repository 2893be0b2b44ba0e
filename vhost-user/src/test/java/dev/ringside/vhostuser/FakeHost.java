package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.Virtqueue;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A host that checks what {@link SessionHost} promises: the order of calls, one acknowledgement at
 * a time, and that whatever is borrowed lives until its acknowledgement. Acknowledges at once, or
 * when told.
 */
final class FakeHost implements SessionHost {
    final List<byte[]> sent = new ArrayList<>();

    /** What came with the replies; closed with everything else. */
    final List<Fd> sentFds = new ArrayList<>();

    final List<byte[]> backendRequests = new ArrayList<>();
    final List<String> calls = new ArrayList<>();
    final List<String> refusals = new ArrayList<>();
    final List<String> news = new ArrayList<>();
    final TreeMap<Integer, Queue> running = new TreeMap<>();
    final FakeDevice device;
    boolean later;

    /** Several queues may be parked or unparked at a time. */
    boolean parking;

    boolean faultFds = true;
    @Nullable Runnable transferReady;
    private boolean ended;
    @Nullable Fd channel;
    private GuestMemory memory = GuestMemory.empty();
    final List<Runnable> posted = new ArrayList<>();
    private final Deque<Runnable> pending = new ArrayDeque<>();

    FakeHost(FakeDevice device) {
        this.device = device;
    }

    /** What a queue's thread does with translations, if there is one. */
    interface Translated {
        void translate(Virtqueue queue, GuestMemory next);

        void invalidate(Virtqueue queue, GuestMemory next, long first, long last);

        void deny(Virtqueue queue);
    }

    @Nullable Translated thread;

    boolean waiting() {
        return !pending.isEmpty();
    }

    /** Acknowledges until nothing is outstanding. */
    void acknowledgeAll() {
        while (waiting()) {
            pending.remove().run();
        }
    }

    /** The acknowledgement that is outstanding, to be run when the session does not expect it. */
    Runnable takePending() {
        return pending.remove();
    }

    /** A started queue and what it has been given. */
    static final class Queue {
        final QueueStart start;
        boolean enabled;
        @Nullable EventFd kick;
        @Nullable EventFd call;
        @Nullable EventFd err;

        Queue(QueueStart start) {
            this.start = start;
            enabled = start.enabled();
            kick = start.kick();
            call = start.call();
            err = start.err();
        }

        int size() {
            return start.queue().size();
        }

        int base() {
            return start.queue().base();
        }
    }

    /** The started queue; fails when it is stopped. */
    Queue queue(int index) {
        return Objects.requireNonNull(running.get(index), "queue " + index + " is stopped");
    }

    private void acknowledge(Runnable done) {
        assertFalse(waiting() && !parking, "one acknowledgement is outstanding at a time");
        if (later) {
            pending.add(done);
        } else {
            done.run();
        }
    }

    /** Everything borrowed is still there: throws when an eventfd or a mapping was closed. */
    void checkBorrowed() {
        for (Queue queue : running.values()) {
            checkLog(queue.start.queue().log());
            checkOpen(queue.kick);
            checkOpen(queue.call);
            checkOpen(queue.err);
        }
        if (!running.isEmpty()) {
            checkMapped(memory);
        }
    }

    private void checkOpen(@Nullable EventFd fd) {
        if (fd != null && !ended) {
            assertTrue(fd.number() >= 0);
        }
    }

    private void checkLog(@Nullable QueueLog log) {
        if (log != null && !ended) {
            assertTrue(log.pages().mark(0, 0));
            checkOpen(log.changed());
        }
    }

    private void checkMapped(GuestMemory memory) {
        List<MemoryRegion> regions = ended ? List.of() : memory.regions();
        for (MemoryRegion region : regions) {
            region.segment().get(ValueLayout.JAVA_BYTE, 0);
        }
    }

    @Override
    public void send(byte[] message, List<Fd> fds) {
        assertFalse(waiting(), "no reply while the host works on the request");
        sentFds.addAll(fds);
        sent.add(message);
        calls.add("send " + HexFormat.of().formatHex(message));
    }

    @Override
    public void setQueueLogs(IntFunction<@Nullable QueueLog> logs, Runnable done) {
        assertFalse(running.isEmpty(), "logs are given only to started queues");
        calls.add("logs");
        Map<Integer, @Nullable QueueLog> wanted = new HashMap<>();
        running.keySet().forEach(index -> wanted.put(index, logs.apply(index)));
        acknowledge(
                () -> {
                    checkBorrowed();
                    running.forEach((index, q) -> q.start.queue().log(wanted.get(index)));
                    checkBorrowed();
                    done.run();
                });
    }

    @Override
    public void configWritten(Runnable done) {
        calls.add("configWritten");
        acknowledge(done);
    }

    @Override
    public void sendBackendRequest(byte[] message) {
        assertTrue(channel != null, "there is a channel");
        // Of translations a ring is in need before it can start.
        assertTrue(message[0] == 1 || !running.isEmpty(), "nothing is sent while suspended");
        backendRequests.add(message);
    }

    @Override
    public void setBackendChannel(@Nullable Fd fd) {
        if (channel != null) {
            channel.close();
        }
        channel = fd;
    }

    @Override
    public void startQueue(QueueStart start, Runnable done) {
        int index = start.queue().index();
        assertFalse(running.containsKey(index), "starts only what is stopped");
        running.put(index, new Queue(start));
        memory = start.memory();
        calls.add("start " + index + (start.enabled() ? " enabled" : " disabled"));
        checkBorrowed();
        acknowledge(done);
    }

    @Override
    public void stopQueue(int index, Consumer<Virtqueue> done) {
        Queue queue = queue(index);
        calls.add("stop " + index);
        checkBorrowed();
        acknowledge(
                () -> {
                    checkBorrowed();
                    running.remove(index);
                    done.accept(queue.start.queue());
                });
    }

    @Override
    public void enableQueue(int index, boolean value, Runnable done) {
        Queue queue = queue(index);
        assertNotEquals(queue.enabled, value, "tells only news");
        calls.add((value ? "enable " : "disable ") + index);
        queue.enabled = value;
        acknowledge(done);
    }

    @Override
    public void setCall(int index, @Nullable EventFd call, Runnable done) {
        Queue queue = queue(index);
        setEventFd("call " + index, call, () -> queue.call = call, done);
    }

    @Override
    public void setKick(int index, @Nullable EventFd kick, Runnable done) {
        Queue queue = queue(index);
        setEventFd("kick " + index, kick, () -> queue.kick = kick, done);
    }

    @Override
    public void setErr(int index, @Nullable EventFd err, Runnable done) {
        Queue queue = queue(index);
        setEventFd("err " + index, err, () -> queue.err = err, done);
    }

    private void setEventFd(String what, @Nullable EventFd fd, Runnable set, Runnable done) {
        calls.add(what);
        acknowledge(
                () -> {
                    checkBorrowed();
                    checkOpen(fd);
                    set.run();
                    done.run();
                });
    }

    @Override
    public void replaceMemory(GuestMemory next, boolean mappingsRemoved, Runnable done) {
        assertFalse(running.isEmpty(), "memory is replaced only under started queues");
        calls.add("memory " + next.regions().size() + (mappingsRemoved ? " drained" : ""));
        GuestMemory before = memory;
        acknowledge(
                () -> {
                    checkMapped(before);
                    checkMapped(next);
                    if (!mappingsRemoved) {
                        assertTrue(next.regions().containsAll(before.regions()));
                    }
                    memory = next;
                    done.run();
                });
    }

    @Override
    public void watchTransfer(int fd, boolean toWrite, Runnable ready) {
        assertTrue(transferReady == null, "one transfer is watched at a time");
        transferReady = ready;
    }

    @Override
    public void unwatchTransfer() {
        transferReady = null;
    }

    @Override
    public void makeFaultFd(Consumer<@Nullable Fd> done) {
        acknowledge(() -> done.accept(faultFds ? TestFrontend.eventFd() : null));
    }

    @Override
    public void translate(int index, GuestMemory next) {
        Virtqueue queue = queue(index).start.queue();
        memory = next;
        calls.add("translate " + index);
        if (thread != null) {
            thread.translate(queue, next);
        }
    }

    @Override
    public void invalidate(GuestMemory next, long first, long last, Runnable done) {
        assertFalse(running.isEmpty(), "translations are taken back only from started queues");
        calls.add("invalidate %x-%x".formatted(first, last));
        acknowledge(
                () -> {
                    checkMapped(next);
                    Translated translated = thread;
                    if (translated != null) {
                        running.values()
                                .forEach(
                                        q ->
                                                translated.invalidate(
                                                        q.start.queue(), next, first, last));
                    }
                    memory = next;
                    done.run();
                });
    }

    @Override
    public void denyAccess(int index) {
        Virtqueue queue = queue(index).start.queue();
        calls.add("deny " + index);
        if (thread != null) {
            thread.deny(queue);
        }
    }

    @Override
    public void post(Runnable task) {
        posted.add(task);
    }

    @Override
    public void deviceReset() {
        assertTrue(running.isEmpty(), "a device is reset when its queues are stopped");
        calls.add("reset");
        device.reset();
    }

    @Override
    public void warn(String text) {
        news.add(text);
    }

    @Override
    public void refused(String reason) {
        refusals.add(reason);
    }

    /** What the engine does when a connection ends: stops everything without being asked. */
    void stopEverything() {
        ended = true;
        pending.clear();
        running.clear();
        sentFds.forEach(Fd::close);
    }

    /** The only message sent since the last look. */
    byte[] takeSent() {
        assertEquals(1, sent.size(), "messages sent");
        return sent.removeFirst();
    }
}
