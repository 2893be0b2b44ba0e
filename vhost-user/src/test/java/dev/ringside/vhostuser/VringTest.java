package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.NO_FD;
import static dev.ringside.vhostuser.TestFrontend.QUEUE_SIZE;
import static dev.ringside.vhostuser.TestFrontend.addr;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.ringAddr;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.EventFd;
import dev.ringside.vhostuser.TestFrontend.TestRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VringTest {
    @Test
    void shouldStartRingWhenKickArrives() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);

            QueueStart start = f.host.queue(0).start;
            assertEquals(QUEUE_SIZE, start.queue().size());
            assertEquals(0, start.queue().index());
            assertNotNull(start.kick());
            assertNotNull(start.call());
            assertNull(start.err());
            assertFalse(start.enabled());
            assertEquals(1, start.memory().regions().size());
            assertEquals(new RingState(0, QUEUE_SIZE, true, false, false, false), ring(f, 0));
        }
    }

    @Test
    void shouldStartRingEnabledWithoutProtocolFeatures() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            f.request(2, u64(FakeDevice.VERSION_1));
            f.request(5, TestFrontend.table(TestRegion.standard()), memory());
            f.request(8, state(0, QUEUE_SIZE));
            f.request(9, ringAddr(0));
            f.request(12, u64(0), eventFd());

            assertTrue(f.host.queue(0).enabled);
        }
    }

    @Test
    void shouldStartWhenAllIsThereInAnyOrder() throws ProtocolException {
        // memory, num, base, addr, kick: every order in which base is there before the last
        List<List<Integer>> orders = new ArrayList<>();
        permute(List.of(), List.of(5, 8, 10, 9, 12), orders);
        for (List<Integer> order : orders) {
            try (TestFrontend f = TestFrontend.negotiated(1)) {
                for (int i = 0; i < order.size(); i++) {
                    setUp(f, order.get(i));
                    boolean complete = order.subList(0, i + 1).containsAll(List.of(5, 8, 9, 12));
                    boolean restarted = complete && order.get(i) == 10;
                    assertEquals(
                            complete && !restarted,
                            f.host.running.containsKey(0),
                            () -> "order " + order);
                }
            }
        }
    }

    private static void setUp(TestFrontend f, int request) throws ProtocolException {
        switch (request) {
            case 5 -> f.setMemory();
            case 8 -> f.ok(8, state(0, QUEUE_SIZE));
            case 9 -> f.ok(9, ringAddr(0));
            case 10 -> f.ok(10, state(0, 5));
            default -> f.ok(12, u64(0), eventFd());
        }
    }

    private static void permute(
            List<Integer> head, List<Integer> rest, List<List<Integer>> result) {
        if (rest.isEmpty()) {
            result.add(head);
        }
        for (Integer next : rest) {
            List<Integer> longer = new ArrayList<>(head);
            longer.add(next);
            List<Integer> left = new ArrayList<>(rest);
            left.remove(next);
            permute(longer, left, result);
        }
    }

    @Test
    void shouldPollWhenKickHasNoDescriptor() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.ok(8, state(0, QUEUE_SIZE));
            f.ok(9, ringAddr(0));
            f.ok(13, u64(NO_FD));
            f.ok(12, u64(NO_FD));

            assertNull(f.host.queue(0).kick);
            assertNull(f.host.queue(0).call);
        }
    }

    @Test
    void shouldStartAtBase() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.ok(8, state(0, QUEUE_SIZE));
            f.ok(10, state(0, 0xfff0));
            f.ok(9, ringAddr(0));
            f.ok(12, u64(0), eventFd());

            assertEquals(0xfff0, f.host.queue(0).base());
            assertArrayEquals(state(0, 0xfff0), f.ask(11, state(0, 0)));
            assertTrue(f.host.running.isEmpty());
        }
    }

    @Test
    void shouldReplyBaseOnlyWhenHostHasStoppedRing() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.host.later = true;
            f.request(11, state(0, 0));
            assertFalse(f.session.idle());
            assertTrue(f.host.sent.isEmpty());

            f.host.acknowledgeAll();

            assertTrue(f.session.idle());
            assertArrayEquals(state(0, 0), f.reply(11));
        }
    }

    @Test
    void shouldReplyBaseOfRingThatNeverStarted() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.ok(10, state(1, 77));

            assertArrayEquals(state(1, 77), f.ask(11, state(1, 0)));
            assertArrayEquals(state(0, 0), f.ask(11, state(0, 0)));
        }
    }

    @Test
    void shouldNotStartRingThatWasStoppedBeforeMemoryCame() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(8, state(0, QUEUE_SIZE));
            f.ok(9, ringAddr(0));
            f.ok(12, u64(0), eventFd());
            assertTrue(ring(f, 0).waiting());
            f.ask(11, state(0, 0));
            assertFalse(ring(f, 0).waiting());

            f.setMemory();

            assertTrue(f.host.running.isEmpty());
        }
    }

    @Test
    void shouldRestartWithNewAddressesAfterStop() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.ask(11, state(0, 0));

            f.ok(8, state(0, 128));
            f.ok(9, ringAddr(0, 3));
            f.ok(12, u64(0), eventFd());

            assertEquals(128, f.host.queue(0).size());
            // The call came once and lasts.
            assertNotNull(f.host.queue(0).call);
        }
    }

    @Test
    void shouldRememberEnableStateWhileStopped() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(18, state(0, 1));
            f.setMemory();
            f.startRing(0);
            assertTrue(f.host.queue(0).enabled);

            f.ask(11, state(0, 0));
            f.ok(18, state(0, 0));
            f.ok(12, u64(0), eventFd());

            assertFalse(f.host.queue(0).enabled);
        }
    }

    @Test
    void shouldAcknowledgeEnableWhenHostHasDoneIt() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.host.later = true;
            f.host.sent.clear();
            f.request(18, state(0, 1));
            assertTrue(f.host.sent.isEmpty());

            f.host.acknowledgeAll();

            assertArrayEquals(u64(0), f.reply(18));
            assertTrue(f.host.queue(0).enabled);
        }
    }

    @Test
    void shouldTellHostOnlyNewsAboutEnable() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);

            f.ok(18, state(0, 1));
            f.ok(18, state(0, 1));

            assertEquals(1, f.host.calls.stream().filter("enable 0"::equals).count());
        }
    }

    @Test
    void shouldReplaceEventFdsOfRunningRing() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            EventFd kick = f.host.queue(0).kick;
            EventFd call = f.host.queue(0).call;

            f.ok(12, u64(0), eventFd());
            f.ok(13, u64(0), eventFd());
            f.ok(14, u64(0), eventFd());

            assertNotSame(kick, f.host.queue(0).kick);
            assertNotSame(call, f.host.queue(0).call);
            assertNotNull(f.host.queue(0).err);
            assertThrows(IllegalStateException.class, () -> number(kick));
            assertThrows(IllegalStateException.class, () -> number(call));
            f.host.checkBorrowed();
        }
    }

    @Test
    void shouldKeepOldCallOpenUntilHostHasTheNewOne() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            EventFd before = f.host.queue(0).call;
            f.host.later = true;

            f.request(13, u64(NO_FD));

            assertTrue(number(before) >= 0);
            f.host.acknowledgeAll();
            assertThrows(IllegalStateException.class, () -> number(before));
            assertNull(f.host.queue(0).call);
        }
    }

    @Test
    void shouldLetRunningRingBeWhenSameAddressesAndSizeComeAgain() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);

            f.ok(9, ringAddr(0));
            f.ok(8, state(0, QUEUE_SIZE));

            assertTrue(f.host.running.containsKey(0));
            assertFalse(f.host.calls.contains("stop 0"));
        }
    }

    @Test
    void shouldSetUpAnewRingThatWasOnlyDisabled() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.ok(18, state(0, 1));
            f.ok(18, state(0, 0));

            f.ok(8, state(0, 64));
            f.ok(9, ringAddr(0, 2));
            f.ok(10, state(0, 9));
            assertTrue(f.host.running.isEmpty());
            f.ok(12, u64(0), eventFd());
            f.ok(18, state(0, 1));

            assertEquals(64, f.host.queue(0).size());
            assertEquals(9, f.host.queue(0).base());
            assertTrue(f.host.queue(0).enabled);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 255, 2048, 65536, 1 << 30, 1 << 31, -1})
    void shouldRefuseSize(int size) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(8, state(0, size));
            assertEquals(0, ring(f, 0).size());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 512, 1024})
    void shouldTakeSize(int size) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(8, state(0, size));
            assertEquals(size, ring(f, 0).size());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x10000, -1, 1 << 31})
    void shouldRefuseBaseBeyond16Bits(int base) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(10, state(0, base));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 255, 256, -1, 1 << 31})
    void shouldRefuseIndexOfRingThatIsNotThere(int index) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.refused(8, state(index, 256));
            f.refused(9, addr(index, 0, 0, 0));
            f.refused(10, state(index, 0));
            f.refused(18, state(index, 1));
            f.refused(12, u64((index & 0xff) | 2), eventFd());
            f.refused(13, u64((index & 0xff) | 2), eventFd());
            f.refused(14, u64((index & 0xff) | 2), eventFd());

            ProtocolException e =
                    assertThrows(ProtocolException.class, () -> f.request(11, state(index, 0)));

            assertEquals(
                    "GET_VRING_BASE: vring index is "
                            + Integer.toUnsignedString(index)
                            + ": the device has 2 queues: raise --num-queues, or lower the"
                            + " front-end's num-queues=",
                    e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, -1})
    void shouldRefuseEnableThatIsNeitherOnNorOff(int num) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(18, state(0, num));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0x200, 1L << 32, Long.MIN_VALUE})
    void shouldRefuseReservedBits(long payload) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(12, u64(payload), eventFd());
            f.refused(13, u64(payload), eventFd());
            f.refused(14, u64(payload), eventFd());
        }
    }

    @Test
    void shouldRefuseWhatIsNotAnEventFd() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(12, u64(0), TestFrontend.memfd(4096));
            f.refused(13, u64(0), TestFrontend.memfd(4096));
            f.refused(14, u64(0), TestFrontend.memfd(4096));
        }
    }

    @Test
    void shouldRefuseKickOfRingThatIsNotValid() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.ok(8, state(0, QUEUE_SIZE));
            long base = TestFrontend.USER_BASE;
            f.ok(9, addr(0, base + 1, base + 0x4000, base + 0x2000));

            f.refused(12, u64(0), eventFd());

            assertTrue(
                    f.host.refusals.getLast().startsWith("SET_VRING_KICK: vring 0 cannot start"));
            f.ok(9, ringAddr(0));
            assertTrue(f.host.running.isEmpty());
            f.ok(12, u64(0), eventFd());
            assertTrue(f.host.running.containsKey(0));
        }
    }

    @Test
    void shouldRefuseAddressesThatMakeAKickedRingInvalid() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.ok(8, state(0, QUEUE_SIZE));
            f.ok(12, u64(0), eventFd());
            long base = TestFrontend.USER_BASE;

            f.refused(9, addr(0, base + 1, base + 0x4000, base + 0x2000));
            f.ok(9, ringAddr(0));

            assertTrue(f.host.running.containsKey(0));
        }
    }

    @Test
    void shouldSignalErrWhenMemoryShowsThatAKickedRingIsInvalid() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(2);
                EventFd err = EventFd.create()) {
            long base = TestFrontend.USER_BASE;
            f.ok(8, state(0, QUEUE_SIZE));
            f.ok(9, addr(0, base + 1, base + 0x4000, base + 0x2000));
            f.ok(14, u64(0), err.fd().duplicate());
            f.ok(12, u64(0), eventFd());
            f.ok(8, state(1, QUEUE_SIZE));
            f.ok(9, ringAddr(1));
            f.ok(12, u64(1), eventFd());

            f.setMemory();

            assertEquals(1, err.drain());
            assertTrue(ring(f, 0).faulted());
            assertTrue(f.host.running.containsKey(1));
        }
    }

    @Test
    void shouldStopFaultedRingLikeAnyOther() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);

            f.session.queueFaulted(0);
            assertTrue(ring(f, 0).faulted());
            f.ask(11, state(0, 0));

            assertTrue(f.host.running.isEmpty());
            assertFalse(ring(f, 0).faulted());
        }
    }

    @Test
    void shouldRejectSecondAcknowledgement() {
        try (HostCalls calls = new HostCalls()) {
            Runnable done = calls.then(() -> {});
            done.run();

            assertThrows(IllegalStateException.class, done::run);
        }
    }

    private static RingState ring(TestFrontend f, int index) {
        return f.session.rings().get(index);
    }

    private static int number(@Nullable EventFd fd) {
        return Objects.requireNonNull(fd).number();
    }

    private static dev.ringside.shm.Fd memory() {
        return TestFrontend.memfd(TestFrontend.MEMORY_BYTES);
    }
}
