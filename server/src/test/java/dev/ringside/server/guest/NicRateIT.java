package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Rate limits, measured by the counters of the host's own interface. */
final class NicRateIT extends NicTest {
    /** Columns of {@link Namespace#counter}. */
    private static final int RECEIVED_BYTES = 0;

    private static final int RECEIVED_FRAMES = 1;
    private static final int SENT_BYTES = 8;
    private static final int SENT_FRAMES = 9;

    private static final long BYTES_PER_SECOND = 5_000_000;
    private static final long FRAMES_PER_SECOND = 500;
    private static final double TOLERANCE = 0.03;
    private static final double NS_PER_SECOND = 1e9;
    private static final long LOOK_NS = 1_000_000;

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NetGuest guest;

    @Override
    void setUp() throws Exception {
        host = namespace();
        final NicServer server =
                serve(
                        NetSpec.of(
                                NetSpec.Nic.onTap("tap0")
                                        .with("rate-limit-in=40M,rate-limit-out=40M"),
                                NetSpec.Nic.onTap("tap1")
                                        .with("rate-limit-in=500pps,rate-limit-out=500pps")),
                        host);
        host.run(
                """
                ip address add 10.0.0.1/24 dev tap0
                ip link set tap0 up
                ip address add 10.1.0.1/24 dev tap1
                ip link set tap1 up
                """);
        guest = boot(server.attach(server.attach(smallMachine(2), 0, ""), 1, ""), server);
        guest.run(
                """
                ip address add 10.0.0.2/24 dev eth0
                ip link set eth0 up
                ip address add 10.1.0.2/24 dev eth1
                ip link set eth1 up
                """);
    }

    @Test
    void shouldLetAsManyBytesThroughAsAskedForWhateverTheDirection() throws Exception {
        stream(guest, host, "10.0.0.1");
        assertRate("from the guest", "tap0", RECEIVED_BYTES, BYTES_PER_SECOND);
        stream(host, guest, "10.0.0.2");
        assertRate("to the guest", "tap0", SENT_BYTES, BYTES_PER_SECOND);
    }

    @Test
    void shouldLetAsManyFramesThroughAsAskedForWhateverTheDirection() throws Exception {
        guest.run("socat -u -b100 OPEN:/dev/zero UDP:10.1.0.1:9 >/dev/null 2>&1 & echo $! >$d/udp");
        assertRate("from the guest", "tap1", RECEIVED_FRAMES, FRAMES_PER_SECOND);
        guest.run("kill $(cat $d/udp)");
        stream(host, guest, "10.1.0.2");
        assertRate("to the guest", "tap1", SENT_FRAMES, FRAMES_PER_SECOND);
    }

    /** Starts TCP data without end. */
    private static void stream(final Shell from, final Shell to, final String address)
            throws IOException, InterruptedException {
        to.run(
                """
                [ ! -e $d/sink ] || kill $(cat $d/sink) || true
                socat -u TCP-LISTEN:4000,reuseaddr OPEN:/dev/null & echo $! >$d/sink
                """);
        from.run(
                "socat -u OPEN:/dev/zero TCP:%s:4000,retry=200,interval=0.05 >/dev/null 2>&1 &"
                        .formatted(address));
    }

    /** Lets a burst pass, then compares three seconds' worth with the time it took. */
    private void assertRate(
            final String what, final String device, final int column, final long perSecond)
            throws IOException {
        final long start = host.counter(device, column);
        awaitCount(device, column, start + perSecond);
        final long fromNs = System.nanoTime();
        final long from = host.counter(device, column);
        awaitCount(device, column, from + 3 * perSecond);
        final long toNs = System.nanoTime();
        final double rate =
                (host.counter(device, column) - from) / ((toNs - fromNs) / NS_PER_SECOND);
        System.out.println(what + ": " + Math.round(rate) + " of " + perSecond + " per second");
        assertEquals((double) perSecond, rate, perSecond * TOLERANCE, what);
    }

    private void awaitCount(final String device, final int column, final long count)
            throws IOException {
        while (host.counter(device, column) < count) {
            LockSupport.parkNanos(LOOK_NS);
        }
    }
}
