package dev.ringside.bench.compare;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions.Mode;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.ProcessUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Ringside's NIC beside DPDK's net_vhost, or another build's. */
final class NetCompare {
    private static final double MIB = 1 << 20;
    // Two DPDK processes of 256 MiB, and this process's own memory.
    private static final int HUGE_PAGES_MIB = 640;

    private final NetCompareOptions options;
    private final Report report;

    NetCompare(final NetCompareOptions options) {
        this.options = options;
        final String peer = options.other() == null ? DpdkNet.TITLE : RingsideDisk.OTHER;
        report = new Report(System.out, peer, peer);
    }

    void run() throws IOException {
        Files.createDirectories(options.folder());
        try (HugePageReserve reserve = HugePageReserve.of(HUGE_PAGES_MIB);
                NetBackEnd ringside = ringside("Ringside", options.root());
                NetBackEnd peer = peer(reserve.enough())) {
            report.note(reserve.enough() ? "Memory: huge pages." : "Memory: no huge pages.");
            report.note(options.packed() ? "Rings: packed." : "Rings: split.");
            report.netHeading();
            for (final NetFrontEnd.Kind kind : options.frontEnds()) {
                final NetFrontEnd frontEnd = new NetFrontEnd(kind, options, reserve.enough());
                for (final NetCase traffic : options.cases()) {
                    compare(kind, frontEnd, traffic, ringside, peer);
                }
            }
            processes(ringside, peer);
            garbage(ringside, reserve.enough());
        }
    }

    private RingsideNet ringside(final String title, final Path root) {
        return new RingsideNet(title, root, options.folder(), options.pace().backendCpu());
    }

    private NetBackEnd peer(final boolean hugePages) throws IOException {
        final Path other = options.other();
        return other == null
                ? DpdkNet.start(options.folder(), options.pace().backendCpu(), hugePages)
                : ringside(RingsideDisk.OTHER, other);
    }

    private void compare(
            final NetFrontEnd.Kind kind,
            final NetFrontEnd frontEnd,
            final NetCase traffic,
            final NetBackEnd ringside,
            final NetBackEnd peer)
            throws IOException {
        report.netCell(
                kind.title(),
                traffic,
                new Duel(options.pace())
                        .fight(
                                durationNs -> frontEnd.turn(ringside, traffic, durationNs),
                                durationNs -> frontEnd.turn(peer, traffic, durationNs)));
    }

    private void processes(final NetBackEnd ringside, final NetBackEnd peer) throws IOException {
        final NetCase idle = new NetCase(Mode.LOOP, 64, false);
        final double ringsideIdle = idlePercent(ringside, idle);
        final double peerIdle = idlePercent(peer, idle);
        report.netProcesses(
                residentMib(ringside.pid(idle)),
                residentMib(peer.pid(idle)),
                ringsideIdle,
                peerIdle);
    }

    private static double residentMib(final long pid) throws IOException {
        return ProcessUsage.ownResidentBytes(pid) / MIB;
    }

    private double idlePercent(final NetBackEnd backEnd, final NetCase traffic) throws IOException {
        final Path socket = backEnd.ready(traffic);
        try (NetDriver _ =
                NetDriver.start(
                        FrontendConnection.connect(socket),
                        FrontendMemory.likePc(16 << 20),
                        NetOptions.defaults())) {
            return IdleCpu.percent(
                    backEnd.pid(traffic), Math.max(options.pace().turnNs(), 1_000_000_000L));
        } finally {
            backEnd.rest(traffic);
        }
    }

    // Looked at in the middle of a load: what the start of a session takes is not per frame.
    private void garbage(final NetBackEnd ringside, final boolean hugePages) throws IOException {
        final NetFrontEnd own = new NetFrontEnd(NetFrontEnd.Kind.OWN, options, hugePages);
        for (final NetCase traffic : options.cases()) {
            final Path socket = ringside.ready(traffic);
            final long pid = ringside.pid(traffic);
            try (NetDriver driver = own.connect(socket)) {
                final NetLoad.Running running =
                        new NetLoad(driver, own.options(traffic))
                                .start(options.pace().frontendCpu());
                IdleCpu.pause(options.pace().warmUpNs());
                final long framesBefore = running.load().completed();
                final long before = Garbage.shardBytes(pid);
                IdleCpu.pause(options.pace().turnNs());
                final long bytes = Garbage.shardBytes(pid) - before;
                report.netGarbage(traffic, bytes, running.load().completed() - framesBefore);
                running.stopAndJoin();
            }
            ringside.rest(traffic);
        }
    }
}
