package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.USER_BASE;
import static dev.ringside.vhostuser.TestFrontend.bytes;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.message;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import dev.ringside.vhostuser.TranslationMisses.Page;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** IOTLB_MSG, the questions on the back-end channel, and what becomes of rings meanwhile. */
class AddressTranslationTest {
    private static final long ACCESS_PLATFORM = 1L << 33;
    private static final int IOTLB_MSG = 22;
    private static final int UPDATE = 2;
    private static final int INVALIDATE = 3;
    private static final int PAGE = 4096;

    /** Where the pages at the I/O virtual addresses of ring 0 are in the front-end's process. */
    private static final long SHIFT = 0x4_0000;

    private Leaks before;
    private TestFrontend f;

    @BeforeEach
    void negotiate() throws ProtocolException {
        before = Leaks.count();
        f = new TestFrontend(translating(), SessionLimits.defaults());
        f.request(16, u64(TestFrontend.ALL_PROTOCOL_FEATURES));
        f.request(2, u64(FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F | ACCESS_PLATFORM));
        f.flags = TestFrontend.NEED_REPLY;
        f.ok(21, new byte[0], eventFd());
        f.setMemory();
    }

    private static FakeDevice translating() {
        return new FakeDevice(2) {
            @Override
            public long offeredFeatures() {
                return OFFERED | ACCESS_PLATFORM;
            }
        };
    }

    @AfterEach
    void close() {
        f.close();
        before.assertNone();
    }

    private static byte[] iotlb(long iova, long size, long user, int access, int type) {
        return bytes(32)
                .putLong(iova)
                .putLong(size)
                .putLong(user)
                .put((byte) access)
                .put((byte) type)
                .array();
    }

    private void update(long iova, int access) throws ProtocolException {
        f.ok(IOTLB_MSG, iotlb(iova, PAGE, iova + SHIFT, access, UPDATE));
    }

    private void updateRing() throws ProtocolException {
        for (long page : new long[] {0, 0x5000, 0x8000}) {
            update(USER_BASE + page, Iotlb.READ_WRITE);
        }
    }

    /** What was asked on the channel, as "type iova access". */
    private List<String> takeQuestions() {
        List<String> questions = new ArrayList<>();
        for (byte[] request : f.host.backendRequests) {
            ByteBuffer b = ByteBuffer.wrap(request).order(ByteOrder.nativeOrder());
            assertEquals(1, b.getInt(0));
            assertEquals(32, b.getInt(8));
            int type = b.get(12 + 25);
            assertEquals(type == 1 ? TestFrontend.NEED_REPLY : TestFrontend.VERSION, b.getInt(4));
            questions.add(type + " " + (b.getLong(12) - USER_BASE) + " " + b.get(12 + 24));
        }
        f.host.backendRequests.clear();
        return questions;
    }

    private void answer(long result) throws ProtocolException {
        f.session.onBackendData(MemorySegment.ofArray(message(1, 5, u64(result))));
    }

    /** Another session goes on, as in another process, and this test with it. */
    private void handOver() throws Exception {
        f.session.park(() -> {});
        TestFrontend next =
                new TestFrontend(f, translating(), SavedSessionTest.passed(f.session.save()));
        next.host.channel = eventFd();
        f.close();
        f = next;
        assertEquals(List.of(), f.host.backendRequests, "nothing is asked before it goes on");
        f.session.unpark(() -> {});
    }

    @Test
    void shouldAskForARunningRingAgainInTheProcessThatGoesOn() throws Exception {
        f.startRing(0);
        updateRing();
        List<String> questions = takeQuestions();
        answer(0);

        handOver();

        assertEquals(questions, takeQuestions());
        assertFalse(f.host.running.containsKey(0), "nothing of before is used");
        updateRing();
        assertTrue(f.host.running.containsKey(0));
        for (int i = 0; i < 5; i++) {
            answer(0);
        }
        assertThrows(ProtocolException.class, () -> answer(0), "two of before, three of now");
    }

    @Test
    void shouldAskForAWaitingRingAgainInTheProcessThatGoesOn() throws Exception {
        f.startRing(0);
        List<String> questions = takeQuestions();

        handOver();

        assertEquals(questions, takeQuestions());
        updateRing();
        assertTrue(f.host.running.containsKey(0));
    }

    @Test
    void shouldHearARefusalOfWhatAnotherProcessAsked() throws Exception {
        f.startRing(0);
        byte[] refusal = message(1, 5, u64(1));
        f.session.onBackendData(MemorySegment.ofArray(refusal).asSlice(0, 7));

        handOver();

        assertEquals(13, f.session.backendWanted());
        takeQuestions();
        f.session.onBackendData(MemorySegment.ofArray(refusal).asSlice(7));
        assertTrue(f.session.rings().getFirst().faulted());
        assertEquals(List.of("4 0 1"), takeQuestions());
    }

    @Test
    void shouldKeepARingStoppedThatTheIommuStopped() throws Exception {
        f.startRing(0);
        updateRing();
        f.host.queue(0).start.queue().fail(RingFault.ACCESS_DENIED);
        f.session.queueFaulted(0);

        handOver();

        assertTrue(f.session.rings().getFirst().faulted());
        updateRing();
        assertFalse(f.host.running.containsKey(0));
        assertEquals(List.of(), f.host.refusals, "it was told before");
    }

    @Test
    void shouldGoOnAtOnceInPlaceWhenNobodyTakesOver() throws Exception {
        f.startRing(0);
        updateRing();
        takeQuestions();

        f.session.park(() -> {});
        f.session.unpark(() -> {});

        assertTrue(f.host.running.containsKey(0));
        assertEquals(List.of(), takeQuestions());
    }

    @Test
    void shouldAnswerAnInvalidationAfterAHandOver() throws Exception {
        f.startRing(0);
        updateRing();

        handOver();
        f.ok(IOTLB_MSG, iotlb(USER_BASE, PAGE, 0, 0, INVALIDATE));
        updateRing();
        f.ok(IOTLB_MSG, iotlb(USER_BASE, PAGE, 0, 0, INVALIDATE));

        assertTrue(f.host.calls.contains("invalidate 7f0000000000-7f0000000fff"));
    }

    @Test
    void shouldAskForARingAndStartItWhenItIsTranslated() throws ProtocolException {
        f.startRing(0);

        assertEquals(List.of("1 0 1", "1 20480 1", "1 32768 2"), takeQuestions());
        assertTrue(f.session.rings().getFirst().waiting());
        update(USER_BASE, Iotlb.READ);
        update(USER_BASE + 0x5000, Iotlb.READ);
        assertFalse(f.host.running.containsKey(0));
        update(USER_BASE + 0x8000, Iotlb.WRITE);

        assertTrue(f.host.running.containsKey(0));
        assertEquals(List.of(), takeQuestions());
    }

    @Test
    void shouldAnswerAnInvalidationOnlyWhenTheHostHas() throws ProtocolException {
        f.startRing(0);
        updateRing();
        takeQuestions();
        f.host.later = true;
        f.host.sent.clear();

        f.request(IOTLB_MSG, iotlb(USER_BASE, PAGE, 0, 0, INVALIDATE));
        assertTrue(f.host.sent.isEmpty());
        f.host.acknowledgeAll();

        assertEquals(1, f.host.sent.size());
        assertEquals(List.of("1 0 1"), takeQuestions());
        assertTrue(f.host.calls.contains("invalidate 7f0000000000-7f0000000fff"));
        f.host.later = false;
        update(USER_BASE, Iotlb.READ);
        assertTrue(f.host.calls.contains("translate 0"), f.host.calls.toString());
    }

    @Test
    void shouldTakeEverythingBackWhenTheRangeWraps() throws ProtocolException {
        f.startRing(0);
        updateRing();
        f.host.calls.clear();

        f.ok(IOTLB_MSG, iotlb(0, 0, 0, 0, INVALIDATE));
        f.ok(IOTLB_MSG, iotlb(0x1000, -1, 0, 0, INVALIDATE));

        assertTrue(
                f.host.calls.stream().filter("invalidate 0-ffffffffffffffff"::equals).count() == 2,
                f.host.calls.toString());
    }

    @Test
    void shouldDrainWhenAnUpdateContradicts() throws ProtocolException {
        f.startRing(0);
        updateRing();
        f.host.calls.clear();

        f.ok(IOTLB_MSG, iotlb(USER_BASE, PAGE, USER_BASE, 3, UPDATE));

        assertTrue(f.host.calls.contains("invalidate 7f0000000000-7f0000000fff"));
    }

    @Test
    void shouldMapARingWhosePagesLieApartAnewWhenOneOfThemMoves() throws ProtocolException {
        Watching thread = new Watching();
        f.host.thread = thread;
        f.ok(8, state(0, 2 * TestFrontend.QUEUE_SIZE));
        f.ok(9, TestFrontend.ringAddr(0));
        f.ok(12, u64(0), eventFd());
        for (long page : new long[] {0, 0x5000, 0x8000, 0x9000}) {
            update(USER_BASE + page, Iotlb.READ_WRITE);
        }
        f.ok(IOTLB_MSG, iotlb(USER_BASE + PAGE, PAGE, USER_BASE + 0x8_0000, 3, UPDATE));
        assertTrue(f.host.running.containsKey(0));

        f.ok(IOTLB_MSG, iotlb(USER_BASE + PAGE, PAGE, USER_BASE + 0x9_0000, 3, UPDATE));

        MemorySegment memory = f.session.memory().regions().getFirst().segment();
        memory.set(ValueLayout.JAVA_BYTE, 0x9_0000, (byte) 7);
        MemorySegment ring = Objects.requireNonNull(thread.seen.sliceRing(USER_BASE, 2 * PAGE, 1));
        assertEquals(7, ring.get(ValueLayout.JAVA_BYTE, PAGE));
    }

    private static final class Watching implements FakeHost.Translated {
        GuestMemory seen = GuestMemory.empty();

        @Override
        public void translate(Virtqueue queue, GuestMemory next) {
            seen = next;
        }

        @Override
        public void invalidate(Virtqueue queue, GuestMemory next, long first, long last) {
            seen = next;
        }

        @Override
        public void deny(Virtqueue queue) {
            throw new AssertionError("nothing is denied");
        }
    }

    @Test
    void shouldRefuseARingWhoseTranslationIsRefused() throws ProtocolException {
        f.startRing(0);
        takeQuestions();

        answer(1);

        assertTrue(f.session.rings().getFirst().faulted());
        assertEquals(List.of("4 0 1"), takeQuestions());
        answer(0);
        answer(0);
        assertThrows(ProtocolException.class, () -> answer(0));
    }

    @Test
    void shouldStopARunningQueueThatMayNotWrite() throws ProtocolException {
        f.startRing(0);
        updateRing();
        takeQuestions();
        f.session.rings();
        update(USER_BASE + 0x9000, Iotlb.READ);
        f.host.queue(0).start.queue().onMiss((queue, pages, access) -> {});
        ask(USER_BASE + 0x9000, Iotlb.WRITE);
        assertEquals(List.of("1 36864 2"), takeQuestions());

        update(USER_BASE + 0x9000, Iotlb.READ);

        assertEquals(List.of("4 36864 2"), takeQuestions());
        assertTrue(f.host.calls.contains("deny 0"));
    }

    /** As the queue's thread does. */
    private void ask(long page, int access) {
        f.session.missed(0, new long[] {page}, new byte[] {(byte) access});
    }

    @Test
    void shouldGiveAQueueWhatIsKnownAlready() throws ProtocolException {
        f.startRing(0);
        updateRing();
        takeQuestions();
        update(USER_BASE + 0x9000, Iotlb.READ_WRITE);
        f.host.calls.clear();

        ask(USER_BASE + 0x9000, Iotlb.WRITE);

        assertEquals(List.of("translate 0"), f.host.calls);
        assertEquals(List.of(), takeQuestions());
    }

    @Test
    void shouldForgetEverythingWhenTheLastRingStops() throws ProtocolException {
        f.startRing(0);
        updateRing();
        f.ask(11, state(0, 0));
        takeQuestions();

        f.startRing(0);

        assertEquals(3, takeQuestions().size());
        assertFalse(f.host.running.containsKey(0));
    }

    @Test
    void shouldRefuseWhatIsNoUpdate() throws ProtocolException {
        for (byte[] bad :
                List.of(
                        iotlb(0, 0, USER_BASE, 3, UPDATE),
                        iotlb(0, PAGE, USER_BASE, 4, UPDATE),
                        iotlb(0, PAGE, 0, 3, UPDATE),
                        iotlb(0, Long.MIN_VALUE, USER_BASE, 3, UPDATE),
                        iotlb(0, PAGE, USER_BASE, 3, 0),
                        iotlb(0, PAGE, USER_BASE, 3, 1),
                        iotlb(0, PAGE, USER_BASE, 3, 4),
                        iotlb(0, PAGE, USER_BASE, 3, 255))) {
            f.refused(IOTLB_MSG, bad);
        }
    }

    @Test
    void shouldAskAnewOnAnotherChannel() throws ProtocolException {
        f.startRing(0);
        List<String> first = takeQuestions();

        f.ok(21, new byte[0], eventFd());

        assertEquals(first, takeQuestions());
    }

    @Test
    void shouldKeepOnlySoManyQuestionsUnanswered() {
        TranslationMisses misses = new TranslationMisses();
        List<Page> pages = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            pages.add(new Page((long) i * PAGE, 1));
        }
        misses.want(0, pages);
        misses.want(1, pages.subList(0, 2));

        for (int i = 0; i < TranslationMisses.WINDOW; i++) {
            assertEquals(pages.get(i), misses.next(true));
        }
        assertNull(misses.next(true));
        assertEquals(pages.getFirst(), misses.answered());
        assertEquals(pages.get(TranslationMisses.WINDOW), misses.next(true));
        assertEquals(Set.of(0, 1), Set.of(misses.resolve(pages.get(1)).stream().boxed().toArray()));
        assertTrue(misses.waits(1));
        misses.resolve(pages.get(0));
        assertFalse(misses.waits(1));
        misses.forget(0);
        misses.answered();
        assertNull(misses.next(true));
        assertNotEquals(null, misses.answered());
    }

    /** QEMU tells the driver's address, which need not be one of the memory's. */
    @Test
    void shouldLogARingWhateverTheDriverCallsItsPlace() throws ProtocolException {
        f.startRing(0);
        updateRing();
        long features = FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F | ACCESS_PLATFORM;
        long logBytes = TestFrontend.MEMORY_BYTES / PAGE / 8;

        f.ok(9, DirtyLoggingTest.loggedAddr(0, 0xffff_f000L));
        f.ask(6, DirtyLoggingTest.log(logBytes, 0), TestFrontend.memfd(PAGE));
        f.ok(2, u64(features | 1L << 26));

        assertTrue(f.session.rings().getFirst().started());
        assertTrue(f.host.refusals.isEmpty(), f.host.refusals::toString);
    }

    /** QEMU tells of used rings before it is asked, while pages are still missing. */
    @Test
    void shouldKeepTranslationsThatComeBeforeTheMemory() throws ProtocolException {
        f.ask(28);
        f.ok(29, new byte[0]);
        f.startRing(0);
        updateRing();
        assertTrue(f.host.running.isEmpty(), "nothing may touch the memory");
        assertTrue(f.host.refusals.isEmpty(), f.host.refusals::toString);

        assertEquals(0, f.askU64(30, new byte[0]));

        assertTrue(f.host.running.containsKey(0));
    }
}
