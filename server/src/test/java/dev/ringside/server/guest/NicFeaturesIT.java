package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ringside.server.demo.QemuOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every kind of virtio-net device that QEMU can show to a driver, side by side. */
final class NicFeaturesIT extends NicTest {
    private static final int MIB = 1 << 20;

    private static final String NO_GUEST_OFFLOADS =
            "guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off";
    private static final String NO_HOST_OFFLOADS =
            "csum=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off";

    private static final List<String> DEVICES =
            List.of(
                    "mrg_rxbuf=off",
                    NO_GUEST_OFFLOADS,
                    "mrg_rxbuf=off," + NO_GUEST_OFFLOADS,
                    NO_HOST_OFFLOADS,
                    NO_HOST_OFFLOADS + "," + NO_GUEST_OFFLOADS,
                    "host_tso4=off,guest_tso6=off",
                    "event_idx=off",
                    "indirect_desc=off",
                    "event_idx=off,indirect_desc=off,mrg_rxbuf=off",
                    "rx_queue_size=1024,tx_queue_size=256",
                    "ctrl_vq=off,ctrl_rx=off,ctrl_rx_extra=off,ctrl_vlan=off,ctrl_mac_addr=off,"
                            + "ctrl_guest_offloads=off,guest_announce=off",
                    "disable-legacy=on",
                    "disable-modern=on",
                    "packed=on",
                    "packed=on,event_idx=off,mrg_rxbuf=off",
                    "packed=on,indirect_desc=off,rx_queue_size=1024");

    /** What /sys shows of each feature bit that was negotiated. */
    private static final int RING_PACKED = 34;

    private static final int RING_RESET = 40;

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    @Override
    void setUp() throws Exception {
        host = namespace();
        final NetSpec.Nic[] nics = new NetSpec.Nic[DEVICES.size()];
        for (int i = 0; i < nics.length; i++) {
            nics[i] = NetSpec.Nic.onTap("tap" + i);
        }
        final NicServer server = serve(NetSpec.of(nics), host);
        QemuOptions options = smallMachine(1);
        for (int i = 0; i < nics.length; i++) {
            options = server.attach(options, i, DEVICES.get(i));
        }
        guest = boot(options, server);
        for (int i = 0; i < nics.length; i++) {
            host.run(
                    """
                    ip address add 10.0.%1$d.1/24 dev tap%1$d
                    ip address add fd00:%1$d::1/64 dev tap%1$d nodad
                    ip link set tap%1$d up
                    """
                            .formatted(i));
            guest.run(
                    """
                    ip address add 10.0.%1$d.2/24 dev eth%1$d
                    ip address add fd00:%1$d::2/64 dev eth%1$d nodad
                    ip link set eth%1$d up
                    """
                            .formatted(i));
        }
        traffic().give(host, guest, "10.0.0.2");
    }

    @Test
    void shouldKeepDataWhateverTheDeviceOffers() throws Exception {
        for (int i = 0; i < DEVICES.size(); i++) {
            System.out.println("eth" + i + ": " + DEVICES.get(i));
            final String hosts = "10.0." + i + ".1";
            Traffic.ping(guest, hosts, "", 0, 1472, 1473, 65507);
            traffic().tcpBothWays(guest, host, hosts, 2 * MIB);
            traffic().tcpBothWays(guest, host, "[fd00:" + i + "::1]", 2 * MIB);
            traffic().udp(guest, host, hosts, 5000, 50);
            traffic().udp(host, guest, "10.0." + i + ".2", 5000, 50);
        }
    }

    private boolean negotiated(final int nic, final int featureBit) throws Exception {
        final String bits = guest.run("cat /sys/class/net/eth" + nic + "/device/features");
        return bits.charAt(featureBit) == '1';
    }

    @Test
    void shouldOfferPackedRingsAndNoRingReset() throws Exception {
        for (int i = 0; i < DEVICES.size(); i++) {
            final boolean isPacked = DEVICES.get(i).contains("packed=on");
            assertEquals(isPacked, negotiated(i, RING_PACKED), DEVICES.get(i));
            // QEMU would reset a ring without a word to the back-end.
            assertFalse(negotiated(i, RING_RESET), DEVICES.get(i));
        }
    }
}
