package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResetTest {
    @Test
    void shouldStopEveryRingBeforeDeviceReset() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(3)) {
            f.setMemory();
            f.startRing(0);
            f.startRing(2);
            f.ok(18, state(0, 1));
            f.host.later = true;
            f.host.calls.clear();
            f.host.sent.clear();

            f.request(34);
            assertTrue(f.host.sent.isEmpty());
            f.host.acknowledgeAll();

            assertEquals(List.of("stop 0", "stop 2", "reset"), f.host.calls.subList(0, 3));
            assertArrayEquals(u64(0), f.reply(34));
            assertEquals(
                    new RingState(0, 0, false, false, false, false), f.session.rings().getFirst());
            assertEquals(0, f.session.negotiatedFeatures());
        }
    }

    @Test
    void shouldStartAgainAfterReset() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.ok(34, new byte[0]);

            f.ok(2, u64(FakeDevice.VERSION_1 | 1L << 30));
            f.ok(8, state(0, 128));
            f.ok(9, TestFrontend.ringAddr(0));
            f.ok(12, u64(0), eventFd());

            assertTrue(f.host.running.containsKey(0));
            assertNotNull(f.host.queue(0).call);
            assertFalse(f.host.queue(0).enabled);
            assertEquals(1, f.device.resets);
        }
    }

    @Test
    void shouldKeepStatus() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            assertEquals(0, f.askU64(40, new byte[0]));
            f.ok(39, u64(0x8b));
            assertEquals(0x8b, f.askU64(40, new byte[0]));
            f.ok(39, u64(0));
            assertEquals(0, f.askU64(40, new byte[0]));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0x100, -1})
    void shouldRefuseStatusBeyond8Bits(long status) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(39, u64(status));
        }
    }

    @Test
    void shouldStopRingsButNotResetDeviceByStatusZero() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.setMemory();
            f.startRing(0);
            f.startRing(1);
            f.host.later = true;
            f.host.sent.clear();

            f.request(39, u64(0));
            assertTrue(f.host.sent.isEmpty());
            f.host.acknowledgeAll();

            assertTrue(f.host.running.isEmpty());
            assertArrayEquals(u64(0), f.reply(39));
            assertEquals(0, f.device.resets);
            assertEquals(FakeDevice.VERSION_1, f.session.negotiatedFeatures());
        }
    }

    @Test
    void shouldTellWhereRingWasWhenStatusZeroCameBeforeTheQuestion() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.ok(8, state(0, 128));
            f.ok(10, state(0, 77));
            f.ok(9, TestFrontend.ringAddr(0));
            f.ok(12, u64(0), eventFd());
            f.ok(39, u64(0xf));

            f.ok(39, u64(0));

            assertArrayEquals(state(0, 77), f.ask(11, state(0, 0)));
            f.ok(10, state(0, 78));
            assertArrayEquals(state(0, 78), f.ask(11, state(0, 0)));
        }
    }

    @Test
    void shouldForgetNothingByStatusZeroWhenDeviceIsNotInUse() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(8, state(0, 128));
            f.ok(18, state(0, 1));

            f.ok(39, u64(0));

            assertEquals(
                    new RingState(0, 128, false, true, false, false), f.session.rings().getFirst());
        }
    }

    @Test
    void shouldSayNeedsResetWhenRingFaulted() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.ok(39, u64(0xf));

            f.session.queueFaulted(0);

            assertEquals(0x4f, f.askU64(40, new byte[0]));
            f.ok(39, u64(0x4f));
            f.ask(11, state(0, 0));
            assertEquals(0xf, f.askU64(40, new byte[0]));
        }
    }
}
