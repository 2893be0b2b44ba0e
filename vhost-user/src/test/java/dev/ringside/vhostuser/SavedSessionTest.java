package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.MEMORY_BYTES;
import static dev.ringside.vhostuser.TestFrontend.QUEUE_SIZE;
import static dev.ringside.vhostuser.TestFrontend.ringAddr;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.vhostuser.TestFrontend.TestRegion;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SavedSessionTest {
    private static final int GET_VRING_BASE = 11;
    private static final long AVAILABLE = 0x5000;
    private static final int PARKED_AT = 1;
    private static final long LOG_ALL = 1L << 26;

    private final Leaks before = Leaks.count();
    private TestFrontend f;
    private @Nullable TestFrontend next;

    @BeforeEach
    void negotiate() throws ProtocolException {
        f = TestFrontend.negotiated(4);
        f.setMemory();
    }

    @AfterEach
    void releaseEverything() {
        f.close();
        if (next != null) {
            next.close();
        }
        before.assertNone();
    }

    /** Starts a ring and takes one chain from it. */
    private void startAndTake(int index) throws ProtocolException {
        f.startRing(index);
        f.ok(18, state(index, 1));
        MemorySegment memory = f.session.memory().regions().getFirst().segment();
        long descriptors = 0x1_0000L * index;
        memory.set(ValueLayout.JAVA_INT, descriptors + 8, 16);
        memory.set(ValueLayout.JAVA_SHORT, descriptors + AVAILABLE + 2, (short) 1);
        Virtqueue queue = f.host.queue(index).start.queue();
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 0);
        queue.publish();
    }

    private static Fd duplicate(Fd fd) {
        try {
            return fd.duplicate();
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    private static @Nullable Fd duplicateAny(@Nullable Fd fd) {
        return fd == null ? null : duplicate(fd);
    }

    /** As it comes out of another process's socket: with descriptors of its own. */
    static SavedSession passed(SavedSession s) {
        return new SavedSession(
                s.features(),
                s.protocolFeatures(),
                s.protocolFeaturesTaken(),
                s.status(),
                s.configRead(),
                s.regions().stream()
                        .map(
                                r ->
                                        new SavedRegion(
                                                duplicate(r.file()),
                                                r.guestAddress(),
                                                r.userAddress(),
                                                r.sizeBytes(),
                                                r.mmapOffset(),
                                                r.repeats()))
                        .toList(),
                s.rings().stream()
                        .map(
                                r ->
                                        new SavedRing(
                                                r.index(),
                                                r.size(),
                                                r.base(),
                                                r.stoppedAt(),
                                                r.enabled(),
                                                r.running(),
                                                r.kicked(),
                                                r.faulted(),
                                                r.fault(),
                                                r.addresses(),
                                                r.logAddress(),
                                                duplicateAny(r.kick()),
                                                duplicateAny(r.call()),
                                                duplicateAny(r.err())))
                        .toList(),
                passed(s.inflight()),
                passed(s.logging()),
                s.channel(),
                s.messageHex(),
                s.messageFds().stream().map(SavedSessionTest::duplicate).toList());
    }

    private static @Nullable SavedInflight passed(@Nullable SavedInflight s) {
        return s == null
                ? null
                : new SavedInflight(
                        duplicate(s.file()), s.sizeBytes(), s.offset(), s.queues(), s.queueSize());
    }

    private static SavedLogging passed(SavedLogging s) {
        SavedLogging.Log log = s.log();
        return new SavedLogging(
                s.all(),
                log == null
                        ? null
                        : new SavedLogging.Log(
                                duplicate(log.file()), log.sizeBytes(), log.offset()),
                duplicateAny(s.changed()));
    }

    private static void nothing() {}

    @Test
    void shouldGoOnNotingWhatIsInFlight() throws ProtocolException, LinuxException {
        // 16 bytes, and 16 for each of 256 entries, rounded up to 64.
        byte[] region = TestFrontend.inflight(4 * 4160, 0, 4, QUEUE_SIZE);
        f.ok(32, region, TestFrontend.memfd(4 * 4160));
        startAndTake(1);

        TestFrontend other = handOver();

        Virtqueue queue = other.host.queue(1).start.queue();
        assertTrue(queue.resumption().tracked());
        assertEquals(1, queue.base());
    }

    /** Parks, and goes on in another session with another device. */
    private TestFrontend handOver() throws ProtocolException, LinuxException {
        f.session.park(SavedSessionTest::nothing);
        TestFrontend other = new TestFrontend(f, new FakeDevice(4), passed(f.session.save()));
        next = other;
        assertFalse(other.session.idle());
        assertEquals(List.of(), other.host.calls, "nothing starts before it is unparked");
        other.session.unpark(SavedSessionTest::nothing);
        return other;
    }

    @Test
    void shouldGoOnElsewhereWhereItWas() throws Exception {
        startAndTake(0);
        startAndTake(2);
        f.ok(18, state(1, 1));
        f.ok(39, u64(0xf));
        List<String> callsBefore = List.copyOf(f.host.calls);

        TestFrontend other = handOver();

        assertEquals(List.of("stop 0", "stop 2"), newCalls(callsBefore));
        assertEquals(List.of("start 0 enabled", "start 2 enabled"), other.host.calls);
        assertEquals(PARKED_AT, other.host.queue(0).base());
        assertEquals(PARKED_AT, other.host.queue(2).base());
        assertEquals(QUEUE_SIZE, other.host.queue(2).size());
        assertEquals(List.of(FakeDevice.VERSION_1), other.device.featuresSet);
        assertEquals(0xf, other.askU64(40, new byte[0]));
        assertArrayEquals(state(0, PARKED_AT), other.ask(GET_VRING_BASE, state(0, 0)));
        // The enable state of a ring that did not run yet is known there too.
        other.startRing(1);
        assertTrue(other.host.queue(1).enabled);
    }

    private List<String> newCalls(List<String> callsBefore) {
        return f.host.calls.subList(callsBefore.size(), f.host.calls.size());
    }

    @Test
    void shouldShareEventfdsAndMemory() throws Exception {
        startAndTake(0);
        EventFd kick = Objects.requireNonNull(f.host.queue(0).kick);
        MemoryRegion region = f.session.memory().regions().getFirst();

        TestFrontend other = handOver();

        EventFd otherKick = Objects.requireNonNull(other.host.queue(0).kick);
        kick.signal();
        assertEquals(1, otherKick.drain());
        region.segment().set(ValueLayout.JAVA_LONG, MEMORY_BYTES - 8, 0x1122_3344_5566_7788L);
        assertEquals(
                0x1122_3344_5566_7788L,
                other.session
                        .memory()
                        .regions()
                        .getFirst()
                        .segment()
                        .get(ValueLayout.JAVA_LONG, MEMORY_BYTES - 8));
    }

    @Test
    void shouldGoOnInPlaceWhenNobodyTakesOver() throws Exception {
        startAndTake(0);
        startAndTake(3);

        f.session.park(SavedSessionTest::nothing);
        assertFalse(f.session.idle());
        f.session.unpark(SavedSessionTest::nothing);

        assertTrue(f.session.idle());
        assertEquals(PARKED_AT, f.host.queue(0).base());
        assertArrayEquals(state(3, PARKED_AT), f.ask(GET_VRING_BASE, state(3, 0)));
    }

    @Test
    void shouldWaitForEveryRing() throws Exception {
        startAndTake(0);
        startAndTake(1);
        f.host.later = true;
        f.host.parking = true;
        boolean[] parked = {false};

        f.session.park(() -> parked[0] = true);

        f.host.takePending().run();
        assertFalse(parked[0]);
        assertThrows(IllegalStateException.class, f.session::save);
        f.host.takePending().run();
        assertTrue(parked[0]);
        assertEquals(2, f.session.save().rings().size());
    }

    @Test
    void shouldRefuseToBeSavedOrParkedAtTheWrongTime() throws Exception {
        assertThrows(IllegalStateException.class, f.session::save);
        startAndTake(0);
        f.host.later = true;
        f.request(GET_VRING_BASE, state(0, 0));
        assertThrows(IllegalStateException.class, () -> f.session.park(SavedSessionTest::nothing));
        f.host.acknowledgeAll();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 11, 12, 13, 19})
    void shouldGoOnInTheMiddleOfAMessage(int sent) throws Exception {
        byte[] message = TestFrontend.message(13, TestFrontend.NEED_REPLY, u64(1));
        Fd call = TestFrontend.eventFd();
        if (sent > 0) {
            f.raw(Arrays.copyOf(message, sent), call);
        }

        TestFrontend other = handOver();

        byte[] rest = Arrays.copyOfRange(message, sent, message.length);
        if (sent > 0) {
            other.raw(rest);
        } else {
            other.raw(rest, call);
        }
        assertArrayEquals(u64(0), other.reply(13));
        other.session.park(SavedSessionTest::nothing);
        assertEquals(1, other.session.save().rings().size());
    }

    @Test
    void shouldKeepABrokenRingStopped() throws Exception {
        startAndTake(0);
        f.host.queue(0).start.queue().fail(RingFault.DESCRIPTOR_LOOP);
        f.session.queueFaulted(0);

        TestFrontend other = handOver();

        assertEquals(RingFault.DESCRIPTOR_LOOP, other.host.queue(0).start.queue().fault());
        assertEquals(0x40, other.askU64(40, new byte[0]) & 0x40, "DEVICE_NEEDS_RESET");
        assertArrayEquals(state(0, PARKED_AT), other.ask(GET_VRING_BASE, state(0, 0)));
    }

    @Test
    void shouldKnowHowOftenARegionCame() throws Exception {
        TestRegion region = TestRegion.small(1);
        for (int i = 0; i < 3; i++) {
            f.ok(37, TestFrontend.region(region), TestFrontend.memfd(0x1000));
        }

        TestFrontend other = handOver();

        for (int i = 0; i < 3; i++) {
            assertEquals(2, other.session.memory().regions().size());
            other.ok(38, TestFrontend.region(region));
        }
        assertEquals(1, other.session.memory().regions().size());
    }

    private static byte[] loggedAddr(int index, long address) {
        return TestFrontend.bytes(40)
                .put(ringAddr(index))
                .putInt(4, 1)
                .putLong(32, address)
                .array();
    }

    @Test
    void shouldGoOnLoggingWhileItsMachineIsMigrated() throws Exception {
        try (Fd file = TestFrontend.memfd(0x2000);
                EventFd listener = EventFd.create()) {
            startAndTake(0);
            byte[] log = TestFrontend.bytes(16).putLong(0x1000).putLong(0x1000).array();
            f.ask(6, log, file.duplicate());
            f.ok(7, new byte[0], listener.fd().duplicate());
            f.ok(2, u64(FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F | LOG_ALL));
            f.ok(9, loggedAddr(0, 0x8000));

            QueueLog first = Objects.requireNonNull(f.host.queue(0).start.queue().log());

            TestFrontend other = handOver();

            QueueLog after = Objects.requireNonNull(other.host.queue(0).start.queue().log());
            assertTrue(after.data());
            assertTrue(after.ring());
            assertFalse(first.pages().mark(0x800_0000, 1), "as large as it was");
            assertFalse(after.pages().mark(0x800_0000, 1), "as large as it was");
            assertEquals(first.ringAddress(), after.ringAddress());
            assertEquals(0x8000, after.ringAddress());
            assertTrue(after.pages().mark(0x3000, 1));
            try (MemoryRegion view = MemoryRegion.map(file.duplicate(), 0, 0, 0x2000, 0)) {
                assertEquals(1 << 3, view.segment().get(ValueLayout.JAVA_BYTE, 0x1000));
            }
            Objects.requireNonNull(after.changed()).signal();
            assertEquals(1, listener.drain());
            other.ok(2, u64(FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F));
            assertFalse(Objects.requireNonNull(other.host.queue(0).start.queue().log()).data());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldKnowWhetherTheConfigurationWasRead(boolean read) throws Exception {
        if (read) {
            f.ask(24, TestFrontend.config(0, 8, 0, new byte[8]));
        }

        TestFrontend other = handOver();
        other.startRing(0);

        assertEquals(List.of(read), other.device.decisions);
    }

    @Test
    void shouldStartWhatWaitedForTheRest() throws Exception {
        f.ok(8, state(0, QUEUE_SIZE));
        f.ok(9, ringAddr(0));

        TestFrontend other = handOver();
        other.ok(12, u64(0), TestFrontend.eventFd());

        assertEquals(QUEUE_SIZE, other.host.queue(0).size());
    }

    @Test
    void shouldRefuseFeaturesThatAreNotOfferedAnyMore() throws Exception {
        f.startRing(0);
        f.session.park(SavedSessionTest::nothing);
        SavedSession saved = f.session.save();
        FakeDevice lesser =
                new FakeDevice(4) {
                    @Override
                    public long offeredFeatures() {
                        return OFFERED & ~VERSION_1;
                    }
                };

        ProtocolException e =
                assertThrows(
                        ProtocolException.class, () -> new TestFrontend(f, lesser, passed(saved)));

        assertEquals(
                "device features 0x100000000 are in use, and not offered any more", e.getMessage());
    }

    @Test
    void shouldRefuseADeviceWithTooFewQueues() throws Exception {
        f.startRing(3);
        f.session.park(SavedSessionTest::nothing);
        SavedSession saved = f.session.save();

        ProtocolException e =
                assertThrows(
                        ProtocolException.class,
                        () -> new TestFrontend(f, new FakeDevice(2), passed(saved)));

        assertEquals("vring 3 is in use: the device has only 2 queues", e.getMessage());
    }
}
