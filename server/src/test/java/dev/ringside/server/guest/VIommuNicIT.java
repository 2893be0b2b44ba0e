package dev.ringside.server.guest;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A guest whose own kernel drives an IOMMU in front of the NIC. */
final class VIommuNicIT extends NicTest {
    private static final String HOST = "10.0.0.1";
    private static final String GUEST = "10.0.0.2";
    private static final int MIB = 1 << 20;

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    @Override
    void setUp() throws Exception {
        host = namespace();
        final NicServer server = serve(NetSpec.of(NetSpec.Nic.onTap("tap0")), host);
        host.run("ip address add 10.0.0.1/24 dev tap0\nip link set tap0 up\n");
        // The device must come after the IOMMU: only the socket is taken from here.
        final Path socket = server.attach(smallMachine(1), 0, "").nics().getFirst().socket();
        guest =
                boot(
                        VIommuIT.behindIommu(smallMachine(1), "intel_iommu=on iommu.strict=0")
                                .with(
                                        "-chardev",
                                        "socket,id=nic,path=" + socket,
                                        "-netdev",
                                        "vhost-user,id=net,chardev=nic",
                                        "-device",
                                        "virtio-net-pci,bus=port1,netdev=net,vectors=0,romfile=,"
                                                + VIommuIT.PLATFORM),
                        server);
        guest.run(
                """
                check platform "$(cut -c 34 /sys/bus/virtio/devices/virtio0/features)" 1
                ip address add 10.0.0.2/24 dev eth0
                ip link set lo up
                ip link set eth0 up
                """);
        traffic().give(host, guest, GUEST);
    }

    @Test
    void shouldKeepPingsAndTcpDataBothWays() throws Exception {
        Traffic.ping(guest, HOST, "", 64, 1473, 65000);
        Traffic.ping(host, GUEST, "", 64, 1473, 65000);
        traffic().tcp(guest, host, HOST, 2 * MIB);
        traffic().tcp(host, guest, GUEST, 2 * MIB);
    }
}
