package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.MEMORY_BYTES;
import static dev.ringside.vhostuser.TestFrontend.USER_BASE;
import static dev.ringside.vhostuser.TestFrontend.bytes;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.memfds;
import static dev.ringside.vhostuser.TestFrontend.region;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.table;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.vhostuser.TestFrontend.TestRegion;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryTableTest {
    private final Leaks before = Leaks.count();
    private TestFrontend f;

    @BeforeEach
    void negotiate() throws ProtocolException {
        f = TestFrontend.negotiated(1);
    }

    @AfterEach
    void releaseEverything() {
        f.close();
        before.assertNone();
    }

    private GuestMemory memory() {
        return f.session.memory();
    }

    private static TestRegion[] small(int count) {
        return IntStream.range(0, count).mapToObj(TestRegion::small).toArray(TestRegion[]::new);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 32})
    void shouldMapTableOf(int count) throws ProtocolException {
        f.ok(5, table(small(count)), memfds(count, 0x1000));

        assertEquals(count, memory().regions().size());
    }

    @Test
    void shouldRefuseTableOf33Regions() throws ProtocolException {
        f.refused(5, table(small(33)), memfds(33, 0x1000));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, 0x0800_0000})
    void shouldRefuseAbsurdRegionCount(int count) throws ProtocolException {
        f.refused(5, bytes(8).putInt(count).putInt(0).array());
    }

    @Test
    void shouldRefuseTableShorterThanItsCount() throws ProtocolException {
        f.refused(5, bytes(8 + 32).putInt(2).putInt(0).array(), memfds(2, 0x1000));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 8, 16})
    void shouldRefuseTableWhoseFdsDoNotMatch(int fds) throws ProtocolException {
        f.refused(5, table(small(2)), memfds(fds, 0x1000));
    }

    @Test
    void shouldIgnoreBytesBehindTheTable() throws ProtocolException {
        byte[] one = table(TestRegion.small(0));

        f.ok(5, bytes(8 + 8 * 32).put(one).array(), memfd(0x1000));

        assertEquals(1, memory().regions().size());
    }

    @Test
    void shouldMapAtOffsetBeyondTheSize() throws ProtocolException {
        f.ok(5, table(new TestRegion(0, 0x1000, USER_BASE, 0x5000)), memfd(0x6000));

        assertEquals(0x5000, memory().regions().getFirst().mmapOffset());
    }

    @Test
    void shouldLeaveOldTableWhenNewOneFails() throws ProtocolException {
        f.ok(5, table(TestRegion.small(7)), memfd(0x1000));
        GuestMemory old = memory();

        f.refused(5, table(small(2)), memfd(0x1000), memfd(0x800));
        f.refused(5, table(TestRegion.small(1), TestRegion.small(1)), memfds(2, 0x1000));
        f.refused(5, table(small(2)), memfd(0x1000), TestFrontend.eventFd());

        assertSame(old, memory());
        assertFalse(old.regions().getFirst().poisoned());
    }

    @Test
    void shouldRefuseRegionsThatWrapOrAreEmpty() throws ProtocolException {
        f.refused(5, table(new TestRegion(0, 0, USER_BASE, 0)), memfd(0x1000));
        f.refused(5, table(new TestRegion(-0x1000L, 0x2000, USER_BASE, 0)), memfd(0x2000));
        f.refused(5, table(new TestRegion(0, 0x2000, -0x1000L, 0)), memfd(0x2000));
        f.refused(5, table(new TestRegion(0, 0x1000, USER_BASE, -0x1000L)), memfd(0x1000));
        f.refused(5, table(new TestRegion(0, Long.MIN_VALUE, USER_BASE, 0)), memfd(0x1000));
        f.refused(5, table(new TestRegion(0, Long.MAX_VALUE, USER_BASE, 0)), memfd(0x1000));
        f.refused(5, table(new TestRegion(0, -0x1000L, USER_BASE, 0)), memfd(0x1000));
    }

    @Test
    void shouldReplaceMemoryUnderRunningRing() throws ProtocolException {
        f.setMemory();
        f.startRing(0);
        f.host.later = true;
        f.host.sent.clear();
        Leaks running = Leaks.count();

        f.request(5, table(TestRegion.standard()), memfd(MEMORY_BYTES));
        assertTrue(f.host.sent.isEmpty());
        assertEquals(running.mappings() + 1, Leaks.count().mappings());
        f.host.acknowledgeAll();

        assertEquals(running, Leaks.count());
        assertTrue(f.host.calls.contains("memory 1 drained"));
        assertEquals(0, TestFrontend.bytes(8).put(f.reply(5)).flip().getLong());
    }

    @Test
    void shouldAskForNoTranslationsWhenMemoryChangesAndTheDriverHasNoIommu()
            throws ProtocolException {
        f.ok(21, new byte[0], eventFd());
        f.setMemory();
        f.startRing(0);

        f.ok(37, region(TestRegion.small(1)), memfd(0x1000));
        f.ok(38, region(TestRegion.small(1)));

        assertTrue(f.host.backendRequests.isEmpty());
    }

    @Test
    void shouldAddAndRemoveWhileRingRuns() throws ProtocolException {
        f.setMemory();
        f.startRing(0);

        f.ok(37, region(TestRegion.small(1)), memfd(0x1000));
        f.ok(38, region(TestRegion.small(1)));

        assertTrue(f.host.calls.contains("memory 2"));
        assertTrue(f.host.calls.contains("memory 1 drained"));
        assertEquals(1, memory().regions().size());
    }

    @Test
    void shouldUseAllMemorySlotsAndNoMore() throws ProtocolException {
        try (Fd file = memfd(0x1000)) {
            for (int i = 0; i < 509; i++) {
                f.ok(37, region(TestRegion.small(i)), duplicate(file));
            }
            f.refused(37, region(TestRegion.small(509)), duplicate(file));
            f.ok(38, region(TestRegion.small(100)));
            f.ok(37, region(TestRegion.small(509)), duplicate(file));
        }
        assertEquals(509, memory().regions().size());
    }

    private static Fd duplicate(Fd fd) {
        try {
            return fd.duplicate();
        } catch (dev.ringside.shm.LinuxException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldRefuseRegionThatOverlaps() throws ProtocolException {
        f.ok(37, region(new TestRegion(0, 0x4000, USER_BASE, 0)), memfd(0x4000));

        f.refused(
                37, region(new TestRegion(0x3000, 0x2000, USER_BASE + 0x10000, 0)), memfd(0x2000));
        f.refused(
                37, region(new TestRegion(0x10000, 0x2000, USER_BASE + 0x3000, 0)), memfd(0x2000));
        // The same addresses from elsewhere in a file are another region.
        f.refused(37, region(new TestRegion(0, 0x4000, USER_BASE, 0x1000)), memfd(0x5000));

        assertEquals(1, memory().regions().size());
    }

    @Test
    void shouldKeepRegionThatCameAgainUntilItIsRemovedAsOften() throws ProtocolException {
        f.ok(37, region(TestRegion.small(0)), memfd(0x1000));
        GuestMemory once = memory();
        Leaks mapped = Leaks.count();

        f.ok(37, region(TestRegion.small(0)), memfd(0x1000));
        f.refused(37, region(TestRegion.small(0)));
        f.ok(37, region(TestRegion.small(0)), memfd(0x1000));
        f.ok(38, region(TestRegion.small(0)));
        f.ok(38, region(TestRegion.small(0)));

        assertSame(once, memory());
        assertEquals(mapped, Leaks.count());
        f.ok(38, region(TestRegion.small(0)));
        assertTrue(memory().regions().isEmpty());
        f.refused(38, region(TestRegion.small(0)));
    }

    @Test
    void shouldForgetHowOftenRegionCameWhenTheTableIsReplaced() throws ProtocolException {
        f.ok(37, region(TestRegion.small(0)), memfd(0x1000));
        f.ok(37, region(TestRegion.small(0)), memfd(0x1000));

        f.ok(5, table(TestRegion.small(0)), memfd(0x1000));
        f.ok(38, region(TestRegion.small(0)));

        assertTrue(memory().regions().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 8, 16})
    void shouldRefuseToAddRegionWithoutExactlyOneFd(int fds) throws ProtocolException {
        f.refused(37, region(TestRegion.small(0)), memfds(fds, 0x1000));
    }

    @Test
    void shouldRemoveByAddressesAndSizeWhateverTheOffset() throws ProtocolException {
        TestRegion added = new TestRegion(0x1000, 0x1000, USER_BASE + 0x1000, 0x2000);
        f.ok(37, region(added), memfd(0x4000));

        f.refused(38, region(new TestRegion(0, 0x1000, USER_BASE + 0x1000, 0x2000)));
        f.refused(38, region(new TestRegion(0x1000, 0x2000, USER_BASE + 0x1000, 0x2000)));
        f.refused(38, region(new TestRegion(0x1000, 0x1000, USER_BASE, 0x2000)));
        f.ok(38, region(new TestRegion(0x1000, 0x1000, USER_BASE + 0x1000, 0)));

        assertTrue(memory().regions().isEmpty());
    }

    @Test
    void shouldCloseFdThatComesWithRemoval() throws ProtocolException {
        f.ok(37, region(TestRegion.small(0)), memfd(0x1000));

        f.ok(38, region(TestRegion.small(0)), memfd(0x1000));

        assertEquals(before, Leaks.count());
    }

    /** An operator may allow fewer than the eight that fit into SET_MEM_TABLE. */
    @Test
    void shouldKeepToTheLimitOfRegions() throws ProtocolException {
        Leaks start = Leaks.count();
        try (TestFrontend limited =
                new TestFrontend(1, SessionLimits.defaults().withMemory(4, 1 << 20))) {
            limited.request(16, TestFrontend.u64(TestFrontend.ALL_PROTOCOL_FEATURES));
            limited.flags = TestFrontend.NEED_REPLY;
            limited.refused(5, table(small(5)), memfds(5, 0x1000));
            assertEquals(0, limited.session.memory().regions().size());
            limited.ok(5, table(small(4)), memfds(4, 0x1000));
            limited.refused(37, region(TestRegion.small(4)), memfd(0x1000));
            assertEquals(4, limited.session.memory().regions().size());
        }
        assertEquals(start, Leaks.count());
    }

    @Test
    void shouldKeepToTheLimitOfMappedBytes() throws ProtocolException {
        Leaks start = Leaks.count();
        try (TestFrontend limited =
                new TestFrontend(1, SessionLimits.defaults().withMemory(4, 0x3000))) {
            limited.request(16, TestFrontend.u64(TestFrontend.ALL_PROTOCOL_FEATURES));
            limited.flags = TestFrontend.NEED_REPLY;
            limited.ok(5, table(small(3)), memfds(3, 0x1000));
            limited.refused(37, region(TestRegion.small(3)), memfd(0x1000));
            limited.refused(5, table(small(4)), memfds(4, 0x1000));
            limited.refused(5, table(small(5)), memfds(5, 0x1000));
            limited.ok(5, table(small(3)), memfds(3, 0x1000));
        }
        assertEquals(start, Leaks.count());
    }

    @Test
    void shouldStartKickedRingWhenItsMemoryIsAdded() throws ProtocolException {
        f.ok(8, state(0, TestFrontend.QUEUE_SIZE));
        f.ok(9, TestFrontend.ringAddr(0));
        f.ok(12, TestFrontend.u64(0), TestFrontend.eventFd());
        f.ok(37, region(TestRegion.small(0)), memfd(0x1000));
        assertTrue(f.host.running.isEmpty());

        f.ok(37, region(TestRegion.standard()), memfd(MEMORY_BYTES));

        assertTrue(f.host.running.containsKey(0));
    }
}
