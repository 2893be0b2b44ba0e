package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.QemuOptions;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A NIC whose process is killed, as often as {@code -Dringside.kills} says, while a TCP connection
 * of its guest carries data both ways: frames may be lost or come twice, the rings go on, and so
 * the connection does.
 */
final class NicKillIT extends NicTest {
    private static final int KILLS = Integer.getInteger("ringside.kills", 3);
    private static final String HOST = "10.0.0.1";
    private static final String GUEST = "10.0.0.2";

    /** More than a window of TCP may be retransmitted ones: this much flows only if data moves. */
    private static final int FLOW_BYTES = 1 << 20;

    /** Of the driver, about chains that were given back and are not its own. */
    private static final String COMPLAINTS =
            """
            name=$(basename "$(readlink /sys/class/net/eth0/device)")
            dmesg | grep "$name.*is not a head" || true
            """;

    private static final String BIND_AGAIN =
            """
            name=$(basename "$(readlink /sys/class/net/eth1/device)")
            cd /sys/bus/virtio/drivers/virtio_net
            echo $name >unbind
            echo $name >bind
            ip address add 10.0.1.2/24 dev eth1
            ip link set eth1 up
            """;

    private final Random random = new Random(seed);

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NetSpec spec;

    @SuppressWarnings("NullAway.Init")
    private NicServer server;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    /** Two NICs, of which the second has packed rings. */
    @Override
    void setUp() throws Exception {
        host = namespace();
        // The TAPs are the host's own: they stay when the back-end dies.
        host.run(
                """
                for i in 0 1; do
                    ip tuntap add dev tap$i mode tap vnet_hdr
                    ip address add 10.0.$i.1/24 dev tap$i
                    ip link set tap$i up
                done
                """);
        spec = NetSpec.of(NetSpec.Nic.onTap("tap0"), NetSpec.Nic.onTap("tap1"));
        server = serve(spec, host);
        final QemuOptions machine = server.attach(smallMachine(1), 0, "");
        guest = boot(server.attach(machine, 1, "packed=on"), server);
        guest.run("ip address add 10.0.0.2/24 dev eth0; ip link set eth0 up");
        guest.awaitCarrier("eth0", 1);
        traffic().give(host, guest, GUEST);
    }

    private void killAndStartAgain() throws Exception {
        kill(server);
        server = serve(spec, host);
    }

    /** Waits until so many bytes more have passed each way. */
    private void awaitFlow(final int bytes) throws Exception {
        guest.run(
                """
                flowed() { cat /sys/class/net/eth0/statistics/${1}_bytes; }
                sent=$(flowed tx)
                received=$(flowed rx)
                n=0
                until [ $(($(flowed tx) - sent)) -ge %1$d ] &&
                        [ $(($(flowed rx) - received)) -ge %1$d ]; do
                    [ ! -e $d/sum ] || { echo "the connection ended"; cat $d/err; exit 1; }
                    n=$((n + 1))
                    [ $n -lt 1200 ] || { echo "nothing flows"; exit 1; }
                    sleep 0.05
                done
                """
                        .formatted(bytes));
    }

    @Test
    void shouldKeepTheGuestsConnectionWhenTheBackEndIsKilledUnderTcp() throws Exception {
        if (BackEnd.isPeer()) {
            // The peer's device lives in QEMU: there is nothing to kill.
            return;
        }
        traffic().beginStream(guest, host, HOST);
        for (int i = 0; i < KILLS; i++) {
            awaitFlow(FLOW_BYTES + random.nextInt(FLOW_BYTES));
            killAndStartAgain();
            guest.awaitCarrier("eth0", 1);
        }
        awaitFlow(FLOW_BYTES);
        final long bytes = traffic().endStream(guest, host);

        assertEquals("", guest.run(COMPLAINTS));
        assertTrue(bytes > (long) KILLS * FLOW_BYTES, bytes + " bytes");
        System.out.println("NicKillIT: " + KILLS + " kills, " + bytes + " bytes verified");
    }

    /** Nothing tells where such a ring was; a driver that begins anew finds everything well. */
    @Test
    void shouldServeADriverOfPackedRingsAgainWhenItIsBoundAgainAfterAKill() throws Exception {
        if (BackEnd.isPeer()) {
            return;
        }
        for (int i = 0; i < Math.min(KILLS, 10); i++) {
            guest.run(BIND_AGAIN);
            guest.awaitCarrier("eth1", 1);
            traffic().tcpBothWays(guest, host, "10.0.1.1", FLOW_BYTES);
            killAndStartAgain();
        }
        guest.run(BIND_AGAIN);
        guest.awaitCarrier("eth1", 1);
        traffic().tcpBothWays(guest, host, "10.0.1.1", FLOW_BYTES);
        guest.run("ip link set eth1 down");
    }
}
