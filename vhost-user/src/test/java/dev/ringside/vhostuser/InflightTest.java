package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.QUEUE_SIZE;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.inflight;
import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.ringAddr;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.RingFault;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GET_INFLIGHT_FD and SET_INFLIGHT_FD (vhost-user.rst, Inflight I/O tracking). */
class InflightTest {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /** 16 bytes, and 16 for each of 256 entries, rounded up to 64. */
    private static final long PART = 4160;

    /** Room for Ringside's own note. */
    private static final long NOTE = 64;

    @Test
    void shouldMakeARegionForAllQueues() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(3)) {
            byte[] reply = f.ask(31, inflight(0, 0, 3, QUEUE_SIZE));

            assertArrayEquals(inflight(3 * PART + NOTE, 0, 3, QUEUE_SIZE), reply);
            assertEquals(1, f.host.sentFds.size());
            try (MemoryRegion region = map(f.host.sentFds.getFirst(), 3 * PART)) {
                byte[] content = region.segment().toArray(ValueLayout.JAVA_BYTE);
                assertArrayEquals(new byte[content.length], content, "version 0: nobody used it");
            }
        }
    }

    @Test
    void shouldAnswerDescriptionsWithoutPadding() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            byte[] short20 = Arrays.copyOf(inflight(0, 0, 1, QUEUE_SIZE), 20);

            byte[] expected = Arrays.copyOf(inflight(PART + NOTE, 0, 1, QUEUE_SIZE), 20);
            assertArrayEquals(expected, f.ask(31, short20));
            f.ok(32, expected, memfd(PART + NOTE));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 256", "3, 256", "65535, 256", "1, 0", "1, 32769", "1, 65535"})
    void shouldMakeNoRegionForWhatCannotBe(int queues, int size) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            assertArrayEquals(new byte[24], f.ask(31, inflight(0, 0, queues, size)));
            assertTrue(f.host.sentFds.isEmpty());
            assertEquals(1, f.host.refusals.size());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTrackBeforeOrAfterTheMemoryTable(boolean before) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            if (before) {
                f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
                f.setMemory();
            } else {
                f.setMemory();
                f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
            }
            f.startRing(0);

            assertNotNull(f.host.queue(0).start.inflight());
            assertTrue(f.host.queue(0).start.queue().resumption().tracked());
        }
    }

    @Test
    void shouldTakeLargerRegionsAtAnyOffsetForMoreAndLongerQueues() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.setMemory();
            // 16 + 16 * 1024 rounded up to 64 is 16448; nobody knows what lies behind it.
            f.ok(32, inflight(40_000, 520, 2, 1024), memfd(50_000));
            f.startRing(1);

            assertTrue(f.host.queue(1).start.queue().resumption().tracked());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "4159, 0, 1, 256, 8192",
        "0, 0, 1, 256, 8192",
        "-1, 0, 1, 256, 8192",
        "4160, 4, 1, 256, 8192",
        "4160, 4096, 1, 256, 8192",
        "4160, -4096, 1, 256, 8192",
        "4160, 9223372036854775800, 1, 256, 8192",
        "8192, 0, 1, 256, 4160",
        "4160, 0, 2, 256, 8192",
        "4160, 0, 1, 512, 8192",
        "4160, 0, 0, 256, 8192",
        "4160, 0, 3, 16, 8192",
        "4160, 0, 1, 0, 8192",
        "1048576, 0, 1, 65535, 1048576"
    })
    void shouldRefuseWhatIsNoRegion(long size, long offset, int queues, int entries, long file)
            throws ProtocolException {
        Leaks before = Leaks.count();
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.refused(32, inflight(size, offset, queues, entries), memfd(file));
        }
        before.assertNone();
    }

    @Test
    void shouldRefuseWrongDescriptors() throws ProtocolException {
        Leaks before = Leaks.count();
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            byte[] region = inflight(PART, 0, 1, QUEUE_SIZE);
            f.refused(32, region);
            f.refused(32, region, memfd(PART), memfd(PART));
            f.refused(32, region, eventFd());
            f.refused(32, Arrays.copyOf(region, 19), memfd(PART));
        }
        before.assertNone();
    }

    @Test
    void shouldKeepTheRegionBeforeWhenAnotherIsRefused() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
            f.refused(32, inflight(PART - 1, 0, 1, QUEUE_SIZE), memfd(PART));
            f.startRing(0);

            assertTrue(f.host.queue(0).start.queue().resumption().tracked());
        }
    }

    @Test
    void shouldStopRunningRingsUntilTheyAreKickedAgain() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.host.later = true;
            f.flags = TestFrontend.NEED_REPLY;
            f.request(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
            assertFalse(f.session.idle(), "the ring's last requests come first");
            f.host.sent.clear();
            f.host.acknowledgeAll();
            assertArrayEquals(u64(0), f.reply(32));
            f.host.later = false;
            assertTrue(f.host.running.isEmpty());

            f.ok(12, u64(0), eventFd());
            assertTrue(f.host.queue(0).start.queue().resumption().tracked());
        }
    }

    @Test
    void shouldForgetTheRegionWhenTheDeviceIsReset() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            Leaks before = Leaks.count();
            f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
            f.ok(34, new byte[0]);
            before.assertNone();
            f.ok(2, u64(FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F));
            f.startRing(0);

            assertNull(f.host.queue(0).start.inflight());
        }
    }

    @Test
    void shouldNotStartARingThatIsLongerThanItsRegion() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE / 2), memfd(PART));
            f.ok(8, state(0, QUEUE_SIZE));
            f.ok(9, ringAddr(0));
            f.refused(12, u64(0), eventFd());

            assertTrue(f.host.refusals.getLast().contains("256 entries"), f.host.refusals::getLast);
        }
    }

    @Test
    void shouldServeQueuesThatTheRegionDoesNotCover() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.setMemory();
            f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
            f.startRing(1);

            assertFalse(f.host.queue(1).start.queue().resumption().tracked());
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 256, 0", "65535, 256, 0", "1, 255, 0", "1, 0, 0", "1, 65535, 0", "1, 256, 1"})
    void shouldRefuseHeadersOfOtherRegions(int version, int entries, int features)
            throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1);
                Fd file = memfd(PART)) {
            try (MemoryRegion region = map(file, PART)) {
                header(region.segment(), version, entries);
                region.segment().set(ValueLayout.JAVA_LONG_UNALIGNED, 0, features);
            }
            f.setMemory();
            f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE), file.duplicate());
            f.ok(8, state(0, QUEUE_SIZE));
            f.ok(9, ringAddr(0));

            f.refused(12, u64(0), eventFd());
        }
    }

    @Test
    void shouldStopAQueueWhoseRegionContradictsItsRing() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1);
                Fd file = memfd(PART)) {
            try (MemoryRegion region = map(file, PART)) {
                header(region.segment(), 1, QUEUE_SIZE);
                // One chain in flight, but the driver made none available.
                region.segment().set(ValueLayout.JAVA_BYTE, 16, (byte) 1);
            }
            f.setMemory();
            f.ok(32, inflight(PART, 0, 1, QUEUE_SIZE), file.duplicate());
            f.startRing(0);

            assertEquals(RingFault.INFLIGHT_REGION, f.host.queue(0).start.queue().fault());
        }
    }

    @Test
    void shouldSayThatTheFeatureWasNotNegotiated() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            f.request(16, u64(TestFrontend.REPLY_ACK));
            f.flags = TestFrontend.NEED_REPLY;

            assertArrayEquals(new byte[24], f.ask(31, inflight(0, 0, 1, QUEUE_SIZE)));
            f.refused(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
        }
    }

    private static void header(MemorySegment region, int version, int entries) {
        region.set(SHORT, 8, (short) version);
        region.set(SHORT, 10, (short) entries);
    }

    private static MemoryRegion map(Fd fd, long size) throws LinuxException {
        assertTrue(Memfd.seals(fd) >= 0, "a memfd");
        return Objects.requireNonNull(MemoryRegion.map(fd.duplicate(), 0, 0, size, 0));
    }

    /** Memory that vanishes, or the end of the process, closes the session in the middle. */
    @Test
    void shouldLeaveNothingWhenClosedBeforeTheRingsHaveStopped() throws ProtocolException {
        Leaks before = Leaks.count();
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.host.later = true;
            f.request(32, inflight(PART, 0, 1, QUEUE_SIZE), memfd(PART));
            assertTrue(f.host.waiting(), "the ring is being stopped");
        }
        before.assertNone();
    }
}
