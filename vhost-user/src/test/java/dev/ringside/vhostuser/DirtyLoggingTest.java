package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.bytes;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtqueue.QueueLog;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirtyLoggingTest {
    private static final int SET_FEATURES = 2;
    private static final int SET_LOG_BASE = 6;
    private static final int SET_LOG_FD = 7;
    private static final int SET_VRING_ADDR = 9;
    private static final long LOG_ALL = 1L << 26;
    private static final long FEATURES = FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F;

    /** Enough for the standard memory: one bit for each of its 256 pages. */
    private static final long LOG_BYTES = TestFrontend.MEMORY_BYTES / 4096 / 8;

    private final Leaks before = Leaks.count();
    private TestFrontend f;

    @BeforeEach
    void start() throws ProtocolException {
        f = TestFrontend.negotiated(2);
        f.setMemory();
        f.startRing(0);
        f.startRing(1);
        f.host.calls.clear();
    }

    @AfterEach
    void leaveNothing() {
        f.close();
        before.assertNone();
    }

    static byte[] log(long size, long offset) {
        return bytes(16).putLong(size).putLong(offset).array();
    }

    static byte[] loggedAddr(int ring, long logAddress) {
        byte[] payload = TestFrontend.ringAddr(ring);
        return bytes(40).put(payload).putInt(4, 1).putLong(32, logAddress).array();
    }

    private QueueLog logOf(int ring) {
        return Objects.requireNonNull(f.host.queue(ring).start.queue().log());
    }

    private boolean logs(int ring) {
        return f.host.queue(ring).start.queue().log() != null;
    }

    @Test
    void shouldAnswerWithTheDescriptionWhenLogComes() throws ProtocolException {
        byte[] description = log(LOG_BYTES, 8);

        assertArrayEquals(description, f.ask(SET_LOG_BASE, description, memfd(4096)));

        assertFalse(logs(0), "nothing says that anything is logged");
    }

    @Test
    void shouldLogDataAndRingsOnlyAsAskedWhenLogIsThere() throws ProtocolException {
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
        f.ok(SET_VRING_ADDR, loggedAddr(1, 0x1000));

        assertFalse(logs(0));
        assertEquals(
                List.of(false, true, 0x1000L),
                List.of(logOf(1).data(), logOf(1).ring(), logOf(1).ringAddress()));

        f.ok(SET_FEATURES, u64(FEATURES | LOG_ALL));

        assertTrue(logOf(0).data() && logOf(1).data() && logOf(1).ring());
        f.ok(SET_FEATURES, u64(FEATURES));
        f.ok(SET_VRING_ADDR, TestFrontend.ringAddr(1));
        assertFalse(logs(0));
        assertFalse(logs(1));
    }

    @Test
    void shouldDisturbNeitherRingsNorDeviceWhenLoggingIsSwitched() throws ProtocolException {
        List<Long> features = List.copyOf(f.device.featuresSet);
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
        for (int i = 0; i < 3; i++) {
            f.ok(SET_FEATURES, u64(FEATURES | LOG_ALL));
            f.ok(SET_VRING_ADDR, loggedAddr(0, 0));
            f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
            f.ok(SET_FEATURES, u64(FEATURES));
            f.ok(SET_VRING_ADDR, TestFrontend.ringAddr(0));
        }

        assertTrue(f.session.rings().get(0).started() && f.session.rings().get(1).started());
        assertEquals(features, f.device.featuresSet);
        assertTrue(f.host.calls.stream().noneMatch(call -> call.startsWith("stop")));
    }

    @Test
    void shouldAnswerOnlyWhenNoQueueWritesToTheLogBefore() throws ProtocolException {
        f.ok(SET_FEATURES, u64(FEATURES | LOG_ALL));
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
        f.host.later = true;
        f.host.sent.clear();

        f.request(SET_LOG_BASE, log(LOG_BYTES, 16), memfd(4096));

        assertTrue(f.host.sent.isEmpty());
        assertTrue(f.host.waiting());
        f.host.checkBorrowed();
        f.host.acknowledgeAll();
        assertArrayEquals(log(LOG_BYTES, 16), f.reply(SET_LOG_BASE));
        assertEquals(16, logOf(0).pages().offsetBytes());
    }

    @Test
    void shouldLogFromTheStartWhenRingStartsDuringMigration() throws ProtocolException {
        f.ask(11, TestFrontend.state(0, 0));
        f.ok(SET_FEATURES, u64(FEATURES | LOG_ALL));
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
        f.host.calls.clear();

        f.startRing(0);

        assertTrue(logs(0));
        assertTrue(f.host.calls.stream().noneMatch(call -> call.startsWith("logs")));
    }

    @ParameterizedTest
    @CsvSource({
        // log bytes, offset, bytes of the file
        "1, 0, 4096",
        "31, 0, 4096",
        "0, 0, 4096",
        "-1, 0, 4096",
        "32, -1, 4096",
        "32, 4065, 4096",
        "4097, 0, 4096",
        "9223372036854775807, 9223372036854775807, 4096",
    })
    void shouldRefuseAndKeepTheLogBeforeWhenLogCannotBe(long size, long offset, long file)
            throws ProtocolException {
        f.ok(SET_FEATURES, u64(FEATURES | LOG_ALL));
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 8), memfd(4096));

        f.refused(SET_LOG_BASE, log(size, offset), memfd(file));

        assertEquals(8, logOf(0).pages().offsetBytes());
        f.host.checkBorrowed();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 15, 17, 24})
    void shouldRefuseWhenPayloadIsOfAnotherSize(int size) throws ProtocolException {
        f.refused(SET_LOG_BASE, new byte[size], memfd(4096));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 8})
    void shouldRefuseWhenDescriptorsAreTooFewOrTooMany(int count) throws ProtocolException {
        f.refused(SET_LOG_BASE, log(LOG_BYTES, 0), TestFrontend.memfds(count, 4096));
        f.refused(SET_LOG_FD, new byte[0], TestFrontend.eventFds(count));
    }

    @Test
    void shouldRefuseUsedRingBeyondTheLogAndChangeNothing() throws ProtocolException {
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
        f.ok(SET_VRING_ADDR, loggedAddr(0, 0x2000));

        f.refused(SET_VRING_ADDR, loggedAddr(0, TestFrontend.MEMORY_BYTES));
        f.refused(SET_VRING_ADDR, loggedAddr(0, -1));
        f.refused(SET_VRING_ADDR, loggedAddr(0, TestFrontend.MEMORY_BYTES - 4));

        assertEquals(0x2000, logOf(0).ringAddress());
        assertTrue(f.session.rings().get(0).started());
    }

    @Test
    void shouldRefuseLogTooSmallForAUsedRing() throws ProtocolException {
        f.ok(SET_VRING_ADDR, loggedAddr(0, 0x10_0000));

        f.refused(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));

        assertTrue(f.host.refusals.getLast().contains("used ring of vring 0"));
        f.ask(SET_LOG_BASE, log(LOG_BYTES + 1, 0), memfd(4096));
        assertTrue(logs(0));
    }

    @Test
    void shouldTellListenerOfTheLogWhenThereIsOne() throws ProtocolException {
        f.ok(SET_FEATURES, u64(FEATURES | LOG_ALL));
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));

        f.ok(SET_LOG_FD, new byte[0], eventFd());
        assertNotNull(logOf(0).changed());
        f.ok(SET_LOG_FD, u64(0), eventFd());

        assertNotNull(logOf(1).changed());
        f.refused(SET_LOG_FD, new byte[0], memfd(4096));
        assertNotNull(logOf(1).changed());
    }

    @Test
    void shouldForgetLoggingWhenDeviceIsReset() throws ProtocolException {
        f.ok(SET_FEATURES, u64(FEATURES | LOG_ALL));
        f.ask(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
        f.ok(34, new byte[0]);

        f.ok(SET_FEATURES, u64(FEATURES));
        f.startRing(0);

        assertFalse(logs(0));
    }

    @Test
    void shouldEndSessionWhenNobodyAsksWhetherLogWorks() {
        f.flags = TestFrontend.VERSION;

        assertThrows(
                ProtocolException.class, () -> f.request(SET_LOG_BASE, log(1, 0), memfd(4096)));
    }

    @Test
    void shouldRefuseWhenFeatureWasNotNegotiated() throws ProtocolException {
        try (TestFrontend other = new TestFrontend(1)) {
            other.request(16, u64(TestFrontend.REPLY_ACK));
            other.flags = TestFrontend.NEED_REPLY;

            other.refused(SET_LOG_BASE, u64(0));
            other.refused(SET_LOG_BASE, log(LOG_BYTES, 0), memfd(4096));
            other.refused(SET_LOG_FD, new byte[0], eventFd());
        }
    }
}
