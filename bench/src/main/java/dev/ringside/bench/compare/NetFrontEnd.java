package dev.ringside.bench.compare;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadOptions.Mode;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.ProcessUsage;
import dev.ringside.frontend.Testpmd;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** Drives a back-end for one turn: connects, measures, hangs up. One thread. */
final class NetFrontEnd {
    /** Who. */
    enum Kind {
        OWN("Ringside's load"),
        TESTPMD("testpmd, virtio_user");

        private final String title;

        Kind(final String title) {
            this.title = title;
        }

        String title() {
            return title;
        }
    }

    private static final long MEMORY_BYTES = 64 << 20;
    private static final int QUEUE_SIZE = 1024;
    private static final int TESTPMD_BURST = 32;
    private static final long SETTLE_NS = 300_000_000L;

    private final Kind kind;
    private final NetCompareOptions options;
    private final boolean hugePages;

    NetFrontEnd(final Kind kind, final NetCompareOptions options, final boolean hugePages) {
        this.kind = kind;
        this.options = options;
        this.hugePages = hugePages;
    }

    Duel.Turn turn(final NetBackEnd backEnd, final NetCase traffic, final long durationNs)
            throws IOException {
        final Path socket = backEnd.ready(traffic);
        try {
            final long pid = backEnd.pid(traffic);
            return kind == Kind.OWN
                    ? own(backEnd, socket, pid, traffic, durationNs)
                    : testpmd(socket, pid, traffic, durationNs);
        } finally {
            backEnd.rest(traffic);
        }
    }

    private FrontendMemory memory() throws IOException {
        return hugePages ? FrontendMemory.huge(MEMORY_BYTES) : FrontendMemory.likePc(MEMORY_BYTES);
    }

    private Duel.Turn own(
            final NetBackEnd backEnd,
            final Path socket,
            final long pid,
            final NetCase traffic,
            final long durationNs)
            throws IOException {
        final NetLoadResult result = load(socket, pid, traffic, durationNs);
        if (traffic.mode() == Mode.LOOP && !result.clean()) {
            throw new IOException(backEnd.title() + ": " + result.summary());
        }
        return new Duel.Turn(
                result.framesPerSecond(),
                result.cpuNsPerFrame(),
                result.latency().percentileNs(0.5));
    }

    /** A driver on a back-end that is ready. */
    NetDriver connect(final Path socket) throws IOException {
        final NetOptions split = NetOptions.defaults().queueSize(QUEUE_SIZE);
        return NetDriver.start(
                FrontendConnection.connect(socket),
                memory(),
                options.packed() ? split.with(VirtioSpec.F_RING_PACKED) : split);
    }

    /** The load of one kind of traffic, without an end. */
    NetLoadOptions options(final NetCase traffic) {
        return switch (traffic.mode()) {
            case SINK -> NetLoadOptions.sink(traffic.bytes(), options.depth());
            case SOURCE -> NetLoadOptions.source(options.depth());
            case LOOP ->
                    traffic.single()
                            ? NetLoadOptions.roundTrip(traffic.bytes())
                            : NetLoadOptions.loop(traffic.bytes(), options.depth());
        };
    }

    private NetLoadResult load(
            final Path socket, final long pid, final NetCase traffic, final long durationNs)
            throws IOException {
        try (NetDriver driver = connect(socket)) {
            return new NetLoad(driver, options(traffic).durationNs(durationNs).backendPid(pid))
                    .start(options.pace().frontendCpu())
                    .join();
        }
    }

    private Duel.Turn testpmd(
            final Path socket, final long pid, final NetCase traffic, final long durationNs)
            throws IOException {
        try (Testpmd testpmd =
                Testpmd.start(
                        Testpmd.Setup.frontEnd(socket, options.pace().frontendCpu(), hugePages)
                                .packed(options.packed()))) {
            testpmd.frameBytes(traffic.bytes());
            switch (traffic.mode()) {
                case SINK -> testpmd.forward("txonly");
                case SOURCE -> testpmd.forward("rxonly");
                case LOOP -> circulate(testpmd, traffic);
            }
            pause(SETTLE_NS);
            final long cpuNs = ProcessUsage.cpuNs(pid);
            final Testpmd.Counters before = testpmd.counters(0);
            pause(durationNs);
            final Testpmd.Counters after = testpmd.counters(0);
            final long usedNs = ProcessUsage.cpuNs(pid) - cpuNs;
            testpmd.stop();
            final boolean sink = traffic.mode() == Mode.SINK;
            final long frames =
                    sink ? after.sent() - before.sent() : after.received() - before.received();
            final long perSecond = sink ? after.sentPerSecond() : after.receivedPerSecond();
            return new Duel.Turn(
                    perSecond,
                    frames == 0 ? Double.NaN : (double) usedNs / frames,
                    traffic.single() && perSecond > 0 ? 1_000_000_000L / perSecond : 0);
        }
    }

    // testpmd sends some bursts once and from then on sends what it receives.
    private void circulate(final Testpmd testpmd, final NetCase traffic) throws IOException {
        testpmd.command("set burst " + (traffic.single() ? 1 : TESTPMD_BURST));
        testpmd.command("set fwd io");
        testpmd.command(
                "start tx_first " + (traffic.single() ? 1 : options.depth() / TESTPMD_BURST));
    }

    private static void pause(final long ns) {
        final long end = System.nanoTime() + ns;
        for (long left = ns; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
