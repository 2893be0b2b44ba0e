package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtqueue.device.NetControl;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetRequestsTest {
    private static final int SEND_RARP = 19;
    private static final int NET_SET_MTU = 20;
    private static final long RARP = 1L << 2;
    private static final long MTU = 1L << 4;
    private static final long MAC = 0x525400123456L;
    private static final byte[] MAC_ON_THE_WIRE = {0x52, 0x54, 0, 0x12, 0x34, 0x56, 0, 0};

    /** Takes MTUs up to 9000 and every MAC address but a group's. */
    private static final class FakeNic extends FakeDevice implements NetControl {
        final List<Integer> mtus = new ArrayList<>();
        final List<Long> announced = new ArrayList<>();

        FakeNic() {
            super(2);
        }

        @Override
        public boolean setMtu(int mtu) {
            return mtu <= 9000 && mtus.add(mtu);
        }

        @Override
        public boolean announce(long mac) {
            return (mac >>> 40 & 1) == 0 && announced.add(mac);
        }
    }

    private final FakeNic nic = new FakeNic();

    private TestFrontend negotiated() throws ProtocolException {
        TestFrontend f = new TestFrontend(nic, SessionLimits.defaults());
        f.request(16, u64(TestFrontend.ALL_PROTOCOL_FEATURES | RARP | MTU));
        f.request(2, u64(FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F));
        f.flags = TestFrontend.NEED_REPLY;
        return f;
    }

    @Test
    void shouldTellTheWayOutWhenTheFrontEndWantsMorePairsThanThereAre() throws ProtocolException {
        try (TestFrontend f = negotiated()) {
            ProtocolException e =
                    assertThrows(
                            ProtocolException.class,
                            () -> f.request(11, new byte[] {2, 0, 0, 0, 0, 0, 0, 0}));

            String message = String.valueOf(e.getMessage());
            assertTrue(message.endsWith("raise --queue-pairs, or lower QEMU's queues="), message);
        }
    }

    @Test
    void shouldOfferMtuAndRarpToNetworksOnly() throws ProtocolException {
        try (TestFrontend network = new TestFrontend(nic, SessionLimits.defaults());
                TestFrontend disk = new TestFrontend(1)) {
            assertArrayEquals(
                    u64(TestFrontend.ALL_PROTOCOL_FEATURES | RARP | MTU), network.ask(15));
            assertArrayEquals(u64(TestFrontend.ALL_PROTOCOL_FEATURES), disk.ask(15));
            assertThrows(ProtocolException.class, () -> disk.request(16, u64(RARP)));
        }
    }

    @Test
    void shouldGiveDeviceTheMtu() throws ProtocolException {
        try (TestFrontend f = negotiated()) {
            assertArrayEquals(u64(0), f.ask(NET_SET_MTU, u64(1500)));

            assertEquals(List.of(1500), nic.mtus);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 67, 9001, 65536, -1, 1L << 32 | 1500})
    void shouldRefuseMtuThatIsNotPossible(long mtu) throws ProtocolException {
        try (TestFrontend f = negotiated()) {
            f.refused(NET_SET_MTU, u64(mtu));

            assertTrue(nic.mtus.isEmpty());
            assertEquals(
                    "NET_SET_MTU: an MTU of "
                            + Long.toUnsignedString(mtu)
                            + " is not possible here",
                    f.host.refusals.getLast());
            assertTrue(f.session.idle());
        }
    }

    @Test
    void shouldAnnounceAddressInWireOrder() throws ProtocolException {
        try (TestFrontend f = negotiated()) {
            assertArrayEquals(u64(0), f.ask(SEND_RARP, MAC_ON_THE_WIRE));

            assertEquals(List.of(MAC), nic.announced);
        }
    }

    @Test
    void shouldRefuseToAnnounceGroup() throws ProtocolException {
        try (TestFrontend f = negotiated()) {
            f.refused(SEND_RARP, u64(-1));

            assertEquals(
                    "SEND_RARP: ffffffffffff is no station's MAC address",
                    f.host.refusals.getLast());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 9, 40})
    void shouldRefusePayloadOfAnotherSize(int size) throws ProtocolException {
        try (TestFrontend f = negotiated()) {
            f.refused(NET_SET_MTU, new byte[size]);
            f.refused(SEND_RARP, new byte[size]);

            assertTrue(nic.mtus.isEmpty());
            assertTrue(nic.announced.isEmpty());
        }
    }
}
