package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.bytes;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.eventFds;
import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.message;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.vhostuser.TestFrontend.TestRegion;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FramingTest {
    private final Leaks before = Leaks.count();

    @AfterEach
    void shouldHaveReleasedEverything() {
        before.assertNone();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 3, 8, 5, 13, 4, 0xfff0})
    void shouldEndSessionWhenVersionOrReplyFlagIsWrong(int flags) {
        try (TestFrontend f = new TestFrontend(1)) {
            ProtocolException e =
                    assertThrows(
                            ProtocolException.class, () -> f.raw(message(1, flags), eventFds(3)));

            assertTrue(
                    String.valueOf(e.getMessage())
                            .startsWith("GET_FEATURES: flags are 0x" + Integer.toHexString(flags)));
            assertFalse(f.session.idle());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8193, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void shouldEndSessionBeforeReadingTooLongAPayload(int size) {
        try (TestFrontend f = new TestFrontend(1)) {
            byte[] header = bytes(12).putInt(77).putInt(1).putInt(size).array();

            ProtocolException e =
                    assertThrows(ProtocolException.class, () -> f.raw(header, eventFd()));

            assertEquals(
                    "request 77: payload size is "
                            + Integer.toUnsignedString(size)
                            + ": at most 8192 bytes are accepted",
                    e.getMessage());
        }
    }

    @Test
    void shouldIgnoreReservedFlags() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            f.raw(message(1, 0xfff1));

            f.reply(1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2, 8", "3, 0", "4, 0", "8, 8", "9, 40", "10, 8", "12, 8", "13, 8", "14, 8", "16, 8",
        "18, 8", "21, 0", "34, 0", "37, 40", "38, 40", "39, 8"
    })
    void shouldRefusePayloadOfWrongSize(int request, int size) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(request, new byte[size + 1]);
            if (size > 0) {
                f.refused(request, new byte[size - 1]);
                f.refused(request, new byte[0]);
            }
            f.flags = TestFrontend.VERSION;
            ProtocolException e =
                    assertThrows(
                            ProtocolException.class, () -> f.request(request, new byte[size + 1]));
            assertTrue(String.valueOf(e.getMessage()).endsWith("must be " + size));
        }
    }

    @ParameterizedTest
    @CsvSource({"5, 7", "25, 11"})
    void shouldRefuseTooShortPayload(int request, int size) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(request, new byte[size]);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "15, 8", "17, 8", "11, 7", "11, 9", "36, 1", "40, 8"})
    void shouldEndSessionWhenAReplyCouldNotSayFailure(int request, int size)
            throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            assertThrows(ProtocolException.class, () -> f.request(request, new byte[size]));
            assertTrue(f.host.sent.isEmpty());
        }
    }

    /** Every request, known or not, with every number of descriptors: none is ever kept. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 8, 16, 100})
    void shouldCloseDescriptorsThatNobodyWants(int count) {
        Set<Integer> keepsOne = Set.of(7, 12, 13, 14, 21);
        for (int request = 0; request <= 50; request++) {
            for (int size : new int[] {0, 8, 40}) {
                String what = "request " + request + " size " + size;
                int start = Leaks.descriptorCount();
                try (TestFrontend f = TestFrontend.negotiated(1)) {
                    f.request(request, new byte[size], eventFds(count));
                    boolean keeps = count == 1 && keepsOne.contains(request);
                    if (!keeps && f.host.sentFds.isEmpty()) {
                        assertEquals(start, Leaks.descriptorCount(), what);
                    }
                } catch (ProtocolException e) {
                    assertNotEquals(null, e.getMessage());
                }
                assertEquals(start, Leaks.descriptorCount(), what);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 8, 16})
    void shouldRefuseEventFdMessagesWithoutExactlyOne(int fds) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            for (int request = 12; request <= 14; request++) {
                f.refused(request, u64(0), eventFds(fds));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 16})
    void shouldExecuteWhenDescriptorsCameForNothing(int fds) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(3, new byte[0], eventFds(fds));
            f.ok(8, state(0, 128), eventFds(fds));
            f.ok(13, u64(TestFrontend.NO_FD), eventFds(fds));
            assertEquals(128, f.session.rings().getFirst().size());
        }
    }

    @Test
    void shouldTakeMessagesByteByByte() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.chunk = 1;
            f.setMemory();
            f.startRing(0);
            assertArrayEquals(u64(FakeDevice.OFFERED | 1L << 30 | 1L << 26), f.ask(1));

            assertTrue(f.host.running.containsKey(0));
        }
    }

    @Test
    void shouldSayHowManyBytesAreWanted() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1);
                ReceivedFds none = new ReceivedFds()) {
            MemorySegment message = MemorySegment.ofArray(message(3, 1));
            MemorySegment state = MemorySegment.ofArray(message(8, 1, state(0, 64)));
            assertEquals(12, f.session.wanted());
            f.session.onData(message.asSlice(0, 5), none);
            assertEquals(7, f.session.wanted());
            f.session.onData(message.asSlice(5, 7), none);
            assertEquals(12, f.session.wanted());
            f.session.onData(state.asSlice(0, 12), none);
            assertEquals(8, f.session.wanted());
            f.session.onData(state.asSlice(12, 3), none);
            assertEquals(5, f.session.wanted());
            f.session.onData(state.asSlice(15, 5), none);
            assertEquals(12, f.session.wanted());
        }
    }

    @Test
    void shouldNotTakeDescriptorsThatComeAfterTheFirstByte() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1);
                ReceivedFds received = new ReceivedFds()) {
            MemorySegment kick = MemorySegment.ofArray(message(12, 9, u64(0)));

            f.session.onData(kick.asSlice(0, 12), received);
            received.add(eventFd());
            f.session.onData(kick.asSlice(12, 8), received);

            assertArrayEquals(u64(1), f.reply(12));
        }
    }

    @Test
    void shouldTakeNoBytesWhileHostWorks() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1);
                ReceivedFds received = ReceivedFds.of(List.of(eventFd()))) {
            f.setMemory();
            f.startRing(0);
            f.host.later = true;
            f.request(11, state(0, 0));
            MemorySegment next = MemorySegment.ofArray(message(3, 1));

            assertThrows(IllegalStateException.class, () -> f.session.onData(next, received));

            assertEquals(0, received.count());
            f.host.acknowledgeAll();
            f.host.sent.clear();
            f.session.onData(next, received);
        }
    }

    @Test
    void shouldReleaseHalfAMessageOnClose() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1);
                ReceivedFds received = ReceivedFds.of(List.of(eventFd(), memfd(4096)))) {
            MemorySegment kick = MemorySegment.ofArray(message(12, 9, u64(0)));
            f.session.onData(kick.asSlice(0, 15 - 3), received);
        }
    }

    @Test
    void shouldReleaseEverythingWhenClosedWhileHostWorks() throws ProtocolException {
        for (int request : new int[] {2, 5, 9, 11, 12, 13, 14, 34, 37, 38, 39}) {
            Leaks start = Leaks.count();
            Runnable late;
            try (TestFrontend f = TestFrontend.negotiated(1)) {
                f.ok(21, new byte[0], eventFd());
                f.setMemory();
                f.ok(37, TestFrontend.region(TestRegion.small(0)), memfd(0x1000));
                f.startRing(0);
                f.ok(14, u64(0), eventFd());
                f.host.later = true;
                f.request(request, payload(request), fds(request));
                assertFalse(f.session.idle(), "request " + request);
                late = f.host.takePending();
                f.host.sent.clear();
                f.host.stopEverything();
                f.session.close();
                assertEquals(start, Leaks.count(), "request " + request);
                late.run();
                assertTrue(f.host.sent.isEmpty());
            }
            assertEquals(start, Leaks.count());
        }
    }

    private static byte[] payload(int request) {
        return switch (request) {
            case 5 -> TestFrontend.table(TestRegion.standard());
            case 9 -> TestFrontend.ringAddr(0, 4);
            case 34 -> new byte[0];
            case 37 -> TestFrontend.region(TestRegion.small(1));
            case 38 -> TestFrontend.region(TestRegion.small(0));
            default -> u64(0);
        };
    }

    private static Fd[] fds(int request) {
        return switch (request) {
            case 5 -> new Fd[] {memfd(TestFrontend.MEMORY_BYTES)};
            case 12, 13, 14 -> eventFds(1);
            case 37 -> new Fd[] {memfd(0x1000)};
            default -> new Fd[0];
        };
    }
}
