package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * Rate limits, as the two ends count what passes: the host's interface what the guest sends, the
 * guest's driver what the guest receives. More waits at any time than may pass, so that the limit
 * alone decides how much does.
 *
 * <p>How long that takes is measured, by one clock, never assumed: each look at a counter lies
 * between two readings of it. A test looks until the rate, whatever the looks' inaccuracy, is
 * certainly as near as promised, and fails when it is not after a minute.
 */
final class NicRateIT extends NicTest {
    private static final double TOLERANCE = 0.03;
    private static final long BYTES_PER_SECOND = 500_000;
    private static final long FRAMES_PER_SECOND = 500;

    /** Half a second's worth: while a busy machine keeps a shard waiting no rate is lost. */
    private static final double BURST_SECONDS = 0.5;

    /** What is sent before measuring: uses the burst up even at 1.5 times the rate. */
    private static final double SPENT_SECONDS = 3 * BURST_SECONDS;

    private static final double LEAST_SECONDS = 2;

    private static final double NS_PER_SECOND = 1e9;
    private static final long LIMIT_NS = 60_000_000_000L;
    private static final long PAUSE_NS = 250_000_000;

    /** Segments come one by one to such a driver: each counts, as it would on a cable. */
    private static final String NO_LARGE_SEGMENTS =
            "guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off";

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
                                NetSpec.Nic.onTap("tap0").with(limits("4M", "2Mb")),
                                NetSpec.Nic.onTap("tap1").with(limits("500pps", "250p"))),
                        host);
        host.run(
                """
                ip address add 10.0.0.1/24 dev tap0
                ip link set tap0 up
                ip address add 10.1.0.1/24 dev tap1
                ip link set tap1 up
                """);
        guest =
                boot(
                        server.attach(
                                server.attach(smallMachine(1), 0, NO_LARGE_SEGMENTS),
                                1,
                                NO_LARGE_SEGMENTS),
                        server);
        guest.run(
                """
                ip address add 10.0.0.2/24 dev eth0
                ip link set eth0 up
                ip address add 10.1.0.2/24 dev eth1
                ip link set eth1 up
                """);
    }

    private static String limits(final String rate, final String burst) {
        return "rate-limit-in=%1$s,,burst=%2$s,rate-limit-out=%1$s,,burst=%2$s"
                .formatted(rate, burst);
    }

    @Test
    void shouldLetThroughWhatWasAskedForWhenTheGuestSends() throws Exception {
        host.run("socat -u UDP-RECV:4000 OPEN:/dev/null >/dev/null 2>&1 &");
        guest.run(
                """
                socat -u -b1400 OPEN:/dev/zero UDP:10.0.0.1:4000 >/dev/null 2>&1 & a=$!
                socat -u -b100 OPEN:/dev/zero UDP:10.1.0.1:4000 >/dev/null 2>&1 & b=$!
                echo $a $b >$d/senders
                """);
        // As the host's interfaces count; columns of Namespace.counter.
        assertRate("bytes from the guest", BYTES_PER_SECOND, () -> host.counter("tap0", 0));
        assertRate("frames from the guest", FRAMES_PER_SECOND, () -> host.counter("tap1", 1));
        guest.run("kill $(cat $d/senders)");
    }

    @Test
    void shouldLetThroughWhatWasAskedForWhenTheGuestReceivesWhatWasSentInLargeSegments()
            throws Exception {
        guest.run("socat -u TCP-LISTEN:4001,fork,reuseaddr OPEN:/dev/null >/dev/null 2>&1 &");
        host.run(
                """
                for a in 10.0.0.2 10.1.0.2; do
                    socat -u OPEN:/dev/zero TCP:$a:4001,retry=200,interval=0.05 >/dev/null 2>&1 &
                done
                """);
        assertRate("bytes to the guest", BYTES_PER_SECOND, () -> received("eth0", "bytes"));
        assertRate("frames to the guest", FRAMES_PER_SECOND, () -> received("eth1", "packets"));
    }

    private long received(final String device, final String what)
            throws IOException, InterruptedException {
        return Long.parseLong(
                guest.run("cat /sys/class/net/%s/statistics/rx_%s".formatted(device, what)));
    }

    private static void assertRate(final String what, final long perSecond, final Counter counter)
            throws IOException, InterruptedException {
        final long deadlineNs = System.nanoTime() + LIMIT_NS;
        final long spent = counter.value() + Math.round(perSecond * SPENT_SECONDS);
        while (counter.value() < spent) {
            pause(what + ": not even the burst has passed", deadlineNs);
        }
        final Look first = Look.at(counter);
        String found = what;
        while (true) {
            pause(found, deadlineNs);
            final Look last = Look.at(counter);
            final double least = last.leastSince(first);
            final double most = last.mostSince(first);
            final double seconds = last.secondsSince(first);
            found =
                    "%s: %.1f to %.1f of %d per second, in %.1f s"
                            .formatted(what, least, most, perSecond, seconds);
            if (seconds >= LEAST_SECONDS
                    && least >= perSecond * (1 - TOLERANCE)
                    && most <= perSecond * (1 + TOLERANCE)) {
                System.out.println(found);
                return;
            }
        }
    }

    private static void pause(final String found, final long deadlineNs) {
        if (System.nanoTime() - deadlineNs > 0) {
            fail(found + ", and a minute is over");
        }
        LockSupport.parkNanos(PAUSE_NS);
    }

    /** Something that counts what passes. */
    @FunctionalInterface
    private interface Counter {
        long value() throws IOException, InterruptedException;
    }

    /**
     * A counter's value at some moment between two.
     *
     * @param fromNs before it was read
     * @param toNs after that
     */
    private record Look(long count, long fromNs, long toNs) {
        static Look at(final Counter counter) throws IOException, InterruptedException {
            final long fromNs = System.nanoTime();
            final long count = counter.value();
            return new Look(count, fromNs, System.nanoTime());
        }

        double leastSince(final Look first) {
            return (count - first.count) / ((toNs - first.fromNs) / NS_PER_SECOND);
        }

        double mostSince(final Look first) {
            return (count - first.count) / ((fromNs - first.toNs) / NS_PER_SECOND);
        }

        double secondsSince(final Look first) {
            return (fromNs - first.fromNs) / NS_PER_SECOND;
        }
    }
}
