package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NegotiationTest {
    @Test
    void shouldOfferDeviceFeaturesAndProtocolFeatures() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            assertArrayEquals(u64(FakeDevice.OFFERED | 1L << 30 | 1L << 26), f.ask(1));
            // MQ, LOG_SHMFD, REPLY_ACK, BACKEND_REQ, PAGEFAULT, CONFIG, INFLIGHT_SHMFD,
            // RESET_DEVICE, CONFIGURE_MEM_SLOTS, STATUS, DEVICE_STATE, GET_VRING_BASE_INFLIGHT
            long low = 1 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 12;
            long high = 1 << 13 | 1 << 15 | 1 << 16 | 1 << 19 | 1 << 20;
            assertArrayEquals(u64(low | high), f.ask(15));
        }
    }

    @Test
    void shouldAnswerQueueNumAndMaxMemSlots() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(7)) {
            assertArrayEquals(u64(7), f.ask(17));
            assertArrayEquals(u64(509), f.ask(36));
        }
    }

    @Test
    void shouldGiveDeviceItsFeaturesWithoutProtocolBit() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            f.request(2, u64(FakeDevice.VERSION_1 | 1L << 30));

            assertEquals(List.of(FakeDevice.VERSION_1), f.device.featuresSet);
            assertEquals(FakeDevice.VERSION_1, f.session.negotiatedFeatures());
        }
    }

    @Test
    void shouldEndSessionWhenFeatureWasNotOfferedAndNobodyAsks() {
        try (TestFrontend f = new TestFrontend(1)) {
            ProtocolException e =
                    assertThrows(ProtocolException.class, () -> f.request(2, u64(1L << 34 | 1)));

            assertEquals(
                    "SET_FEATURES: bits 0x400000001 of 0x400000001 were not offered",
                    e.getMessage());
            assertFalse(f.session.idle());
            assertTrue(f.device.featuresSet.isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 33, 34, 35, 63})
    void shouldRefuseFeatureThatWasNotOffered(int bit) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(2, u64(1L << bit));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {24, 27, 36, 37, 38, 40})
    void shouldDropTransportBitsThatQemuPassesOn(int bit) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(2, u64(FakeDevice.VERSION_1 | 1L << bit));

            assertEquals(FakeDevice.VERSION_1, f.session.negotiatedFeatures());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 6, 7, 10, 11, 14, 17, 18, 21, 22, 40})
    void shouldRefuseProtocolFeatureThatWasNotOffered(int bit) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(16, u64(1L << bit));
        }
    }

    @Test
    void shouldStopWithRequestsNotedOnlyWhereTheyCanBe() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(16, u64(TestFrontend.REPLY_ACK | 1L << 20));
            f.ok(16, u64(TestFrontend.REPLY_ACK | 1L << 20 | 1L << 12));
        }
    }

    @Test
    void shouldAcknowledgeTheRequestThatNegotiatesAcknowledgements() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            f.flags = TestFrontend.NEED_REPLY;

            f.ok(16, u64(TestFrontend.REPLY_ACK));
        }
    }

    @Test
    void shouldNotAcknowledgeWhenReplyAckWasNotNegotiated() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            f.flags = TestFrontend.NEED_REPLY;

            f.request(16, u64(TestFrontend.CONFIG));
            f.request(3);
            f.request(99);

            assertTrue(f.host.sent.isEmpty());
        }
    }

    @Test
    void shouldNotAcknowledgeWhenNotAsked() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.flags = TestFrontend.VERSION;

            f.request(3);
            f.request(8, state(0, 128));

            assertTrue(f.host.sent.isEmpty());
        }
    }

    @Test
    void shouldAnswerOnceWhenRequestHasItsOwnReply() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            assertArrayEquals(u64(FakeDevice.OFFERED | 1L << 30 | 1L << 26), f.ask(1));
        }
    }

    @Test
    void shouldIgnoreOwnerRequests() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.ok(18, state(0, 1));
            List<String> before = List.copyOf(f.host.calls);
            f.host.calls.clear();

            f.ok(3, new byte[0]);
            f.ok(4, new byte[0]);

            assertTrue(f.host.calls.stream().allMatch(c -> c.startsWith("send")));
            assertTrue(before.contains("start 0 disabled"));
            assertTrue(f.host.queue(0).enabled);
        }
    }

    @Test
    void shouldKeepRingsRunningWhenSameFeaturesComeAgain() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);

            f.ok(2, u64(FakeDevice.VERSION_1 | 1L << 30));

            assertTrue(f.host.running.containsKey(0));
            assertEquals(1, f.device.featuresSet.size());
        }
    }

    @Test
    void shouldStopRingsBeforeDeviceGetsOtherFeatures() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.setMemory();
            f.startRing(0);
            f.startRing(1);

            f.ok(2, u64(FakeDevice.VERSION_1 | FakeDevice.EVENT_IDX | 1L << 30));

            assertTrue(f.host.running.isEmpty());
            assertEquals(
                    FakeDevice.VERSION_1 | FakeDevice.EVENT_IDX, f.device.featuresSet.getLast());
        }
    }

    @Test
    void shouldEnableRunningRingsWhenProtocolBitIsGivenBack() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.setMemory();
            f.startRing(0);
            f.startRing(1);

            f.ok(2, u64(FakeDevice.VERSION_1));

            assertTrue(f.host.queue(0).enabled);
            assertTrue(f.host.queue(1).enabled);
            assertTrue(f.session.rings().stream().allMatch(RingState::enabled));
        }
    }
}
