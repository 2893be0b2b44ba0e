package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.memfds;
import static dev.ringside.vhostuser.TestFrontend.region;
import static dev.ringside.vhostuser.TestFrontend.table;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.vhostuser.TestFrontend.TestRegion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The target's side, with the messages of QEMU. */
class PostcopyTest {
    private static final int SET_MEM_TABLE = 5;
    private static final int ADVISE = 28;
    private static final int LISTEN = 29;
    private static final int END = 30;
    private static final int ADD_MEM_REG = 37;
    private static final byte[] NONE = new byte[0];

    private final Leaks before = Leaks.count();
    private final TestFrontend f = start();

    private static TestFrontend start() {
        try {
            return TestFrontend.negotiated(1);
        } catch (ProtocolException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void leaveNothing() {
        f.close();
        before.assertNone();
    }

    private void listen() throws ProtocolException {
        assertArrayEquals(NONE, f.ask(ADVISE));
        assertEquals(1, f.host.sentFds.size(), "the userfaultfd comes along");
        f.ok(LISTEN, NONE);
    }

    /** QEMU asks for no acknowledgement of these, and gets a reply of their own. */
    private void addRegion(TestRegion added) throws ProtocolException {
        f.flags = TestFrontend.VERSION;
        byte[] payload = region(added);
        assertArrayEquals(payload, f.ask(ADD_MEM_REG, payload, memfd(TestFrontend.MEMORY_BYTES)));
        f.flags = TestFrontend.NEED_REPLY;
    }

    private void acknowledge(int request) throws ProtocolException {
        f.flags = TestFrontend.VERSION;
        f.host.sent.clear();
        f.request(request, u64(0));
        assertTrue(f.host.sent.isEmpty(), "that is the end of it");
        f.flags = TestFrontend.NEED_REPLY;
    }

    @Test
    void shouldStartRingsOnlyWhenAllOfTheMemoryHasCome() throws ProtocolException {
        listen();
        addRegion(TestRegion.standard());
        acknowledge(ADD_MEM_REG);
        f.startRing(0);
        f.ok(18, TestFrontend.state(0, 1));
        assertTrue(f.host.running.isEmpty(), "nothing may touch the memory");

        assertEquals(0, f.askU64(END, NONE));

        assertTrue(f.host.queue(0).enabled);
        f.setMemory();
    }

    @Test
    void shouldAnswerAWholeTableWithItselfWhenItFillsLater() throws ProtocolException {
        listen();
        byte[] payload = table(TestRegion.small(0), TestRegion.small(1));
        f.flags = TestFrontend.VERSION;
        assertArrayEquals(payload, f.ask(SET_MEM_TABLE, payload, memfds(2, 0x1000)));
        acknowledge(SET_MEM_TABLE);

        assertEquals(0, f.askU64(END, NONE));
        f.setMemory();
    }

    @Test
    void shouldAnswerEachRepeatedRegionWhenQueuePairsTellItAgain() throws ProtocolException {
        listen();
        addRegion(TestRegion.standard());
        addRegion(TestRegion.standard());
        acknowledge(ADD_MEM_REG);
        assertEquals(0, f.askU64(END, NONE));
        f.startRing(0);
        assertFalse(f.host.running.isEmpty());
    }

    @Test
    void shouldWithholdMemoryThatWasThereBefore() throws ProtocolException {
        f.setMemory();
        listen();
        f.startRing(0);
        assertTrue(f.host.running.isEmpty());

        assertEquals(0, f.askU64(END, NONE));

        assertFalse(f.host.running.isEmpty());
    }

    @Test
    void shouldRefuseToListenWhenUnadvisedOrWhileARingRuns() throws ProtocolException {
        f.refused(LISTEN, NONE);
        f.setMemory();
        f.startRing(0);
        f.ask(ADVISE);

        f.refused(LISTEN, NONE);

        assertEquals(0, f.askU64(END, NONE));
        assertFalse(f.host.running.isEmpty(), "the ring was never disturbed");
    }

    @Test
    void shouldSayThatItCannotWhenThereIsNoFaultFd() throws ProtocolException {
        f.host.faultFds = false;

        assertArrayEquals(NONE, f.ask(ADVISE));

        assertTrue(f.host.sentFds.isEmpty());
        f.refused(LISTEN, NONE);
    }

    @Test
    void shouldRefuseShortRegionsOutsidePostcopy() throws ProtocolException {
        f.refused(ADD_MEM_REG, u64(0));
        f.refused(ADD_MEM_REG, new byte[16], memfd(0x1000));
        listen();
        f.refused(ADD_MEM_REG, new byte[16], memfd(0x1000));
    }

    @Test
    void shouldRefuseWhenFeatureWasNotNegotiated() throws ProtocolException {
        try (TestFrontend other = new TestFrontend(1)) {
            assertArrayEquals(NONE, other.ask(ADVISE));
            assertTrue(other.host.sentFds.isEmpty());
            assertEquals(1, other.askU64(END, NONE));
        }
    }

    @Test
    void shouldTellOnceThatQueuesWaitAndThatTheyGoOn() throws ProtocolException {
        listen();
        f.ok(LISTEN, NONE);
        assertEquals(1, f.host.news.size());
        assertTrue(f.host.news.getFirst().contains("queues wait"), f.host.news.getFirst());

        assertEquals(0, f.askU64(END, NONE));
        assertEquals(0, f.askU64(END, NONE));

        assertEquals(2, f.host.news.size());
        assertTrue(f.host.news.getLast().contains("all of its memory has come"));
    }

    private static void nothing() {}

    private void assertNotSaved() {
        f.session.park(PostcopyTest::nothing);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> f.session.save());
        assertTrue(String.valueOf(e.getMessage()).contains("is being migrated"), e.getMessage());
        f.session.unpark(PostcopyTest::nothing);
    }

    @Test
    void shouldNotBeSavedUntilAllOfTheMemoryHasCome() throws ProtocolException {
        f.ask(ADVISE);
        assertNotSaved();
        f.ok(LISTEN, NONE);
        addRegion(TestRegion.standard());
        acknowledge(ADD_MEM_REG);
        f.startRing(0);
        assertNotSaved();
        assertTrue(f.host.running.isEmpty(), "nothing may touch the memory");

        assertEquals(0, f.askU64(END, NONE));

        f.session.park(PostcopyTest::nothing);
        assertFalse(f.session.save().rings().isEmpty());
    }

    @Test
    void shouldBeSavedWhenPrecopyWasEnough() throws ProtocolException {
        f.ask(ADVISE);
        f.setMemory();
        f.startRing(0);

        f.session.park(PostcopyTest::nothing);

        assertFalse(f.session.save().rings().isEmpty(), "QEMU sends no POSTCOPY_END then");
    }
}
