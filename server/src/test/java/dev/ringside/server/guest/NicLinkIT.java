package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

/** A link that comes and goes: by QEMU's hand, by the driver's, and with the back-end. */
final class NicLinkIT extends NicTest {
    private static final String HOST = "10.0.0.1";
    private static final String GUEST = "10.0.0.2";
    private static final int MIB = 1 << 20;

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NetSpec spec;

    @SuppressWarnings("NullAway.Init")
    private NicServer server;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    @Override
    void setUp() throws Exception {
        host = namespace();
        // The TAP is the host's own: it stays when the back-end ends.
        host.run(
                """
                ip tuntap add dev tap0 mode tap vnet_hdr
                ip address add 10.0.0.1/24 dev tap0
                ip link set tap0 up
                """);
        spec = NetSpec.of(NetSpec.Nic.onTap("tap0"));
        server = serve(spec, host);
        guest = boot(server.attach(smallMachine(1), 0, ""), server);
        guest.run("ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up");
        guest.awaitCarrier("eth0", 1);
        traffic().give(host, guest, GUEST);
    }

    @Test
    void shouldTellTheDriverWhenTheLinkGoesDownAndUpAgain() throws Exception {
        for (int i = 0; i < 3; i++) {
            guest.machine().qmp("set_link", "{\"name\":\"net0\",\"up\":false}");
            guest.awaitCarrier("eth0", 0);
            assertNotEquals(0, host.attempt("ping -q -c 3 -i 0.01 -W 0.1 " + GUEST).status());
            guest.machine().qmp("set_link", "{\"name\":\"net0\",\"up\":true}");
            guest.awaitCarrier("eth0", 1);
            traffic().tcpBothWays(guest, host, HOST, MIB);
        }
    }

    @Test
    void shouldGoOnWhenTheDriverIsUnboundAndBoundUnderLoad() throws Exception {
        for (int i = 0; i < 3; i++) {
            guest.run(
                    """
                    ping -q -f -s 4000 10.0.0.1 >/dev/null 2>&1 &
                    until [ "$(cat /sys/class/net/eth0/statistics/rx_packets)" -gt 200 ]; do
                        sleep 0.02
                    done
                    cd /sys/bus/virtio/drivers/virtio_net
                    name=$(ls -d virtio*)
                    echo $name >unbind
                    [ ! -e /sys/class/net/eth0 ]
                    echo $name >bind
                    kill $! || true
                    ip address add 10.0.0.2/24 dev eth0
                    ip link set eth0 up
                    """);
            traffic().tcpBothWays(guest, host, HOST, MIB);
        }
    }

    @Test
    void shouldGoOnWhenTheMachineIsResetUnderLoad() throws Exception {
        guest.run("ping -q -f -s 4000 10.0.0.1 >/dev/null 2>&1 &");
        guest.machine().qmp("system_reset", "{}");
        awaitServing(guest);
        guest.run("ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up");
        traffic().give(host, guest, GUEST);
        traffic().tcpBothWays(guest, host, HOST, MIB);
    }

    @Test
    void shouldGoOnWhenTheBackEndIsStoppedAndStartedAgain() throws Exception {
        if (BackEnd.isPeer()) {
            // The peer's device lives in QEMU: there is nothing to restart.
            return;
        }
        for (int i = 0; i < 3; i++) {
            guest.run("ping -q -f -s 1000 10.0.0.1 >/dev/null 2>&1 & echo $! >$d/pid");
            assertEquals(0, server.terminate(), server::messages);
            guest.awaitCarrier("eth0", 0);
            server = serve(spec, host);
            guest.awaitCarrier("eth0", 1);
            guest.run("kill $(cat $d/pid) || true");
            traffic().tcpBothWays(guest, host, HOST, MIB);
        }
    }
}
