package dev.ringside.server.bench;

import static dev.ringside.frontend.VhostUserSpec.bit;

import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrameSizes;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.Values;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Gives the texts of {@link BenchSyntax} their meaning and checks them against each other. */
public final class BenchParser {
    private static final int MAX_QUEUES = 16;
    private static final int MAX_RING = 32768;
    private static final int MAX_BLOCK = 1 << 20;
    private static final int MAX_FRAME = 9018;
    private static final int MAX_FLOWS = 1 << 16;
    private static final int MAX_SECONDS = 86_400;
    private static final int CHAIN = 3;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long SECTOR_BYTES = 512;

    private BenchParser() {}

    /** The load of {@code ringside bench blk}. */
    public static BlkBench blk(Given given) throws OperatorException {
        String kind =
                Values.word(
                        BenchSyntax.RW,
                        text(given, BenchSyntax.RW, "randread"),
                        List.of("read", "write", "rw", "randread", "randwrite", "randrw"));
        int mix = given.integer(BenchSyntax.RWMIXREAD, 50, 0, 100);
        int reads = kind.endsWith("read") ? 100 : kind.endsWith("write") ? 0 : mix;
        if (given.has(BenchSyntax.VERIFY) && reads == 100) {
            throw new OperatorException(
                    "--verify has nothing to compare with when only reads are sent: give"
                            + " --rw=randrw or another kind that writes, which destroys what is"
                            + " on the disk");
        }
        int size = ring(given);
        int depth = given.integer(BenchSyntax.IODEPTH, 32, 1, MAX_RING);
        boolean indirect = given.has(BenchSyntax.INDIRECT);
        int room = indirect ? size : size / CHAIN;
        if (depth > room) {
            throw new OperatorException(
                    BenchSyntax.IODEPTH
                            + "="
                            + depth
                            + " does not fit a queue of "
                            + size
                            + ", which holds "
                            + room
                            + " requests: give a larger --queue-size, or --indirect");
        }
        LoadOptions load =
                LoadOptions.randomRead(depth)
                        .random(kind.startsWith("rand"))
                        .readPercent(reads)
                        .blockBytes(
                                (int) size(given, BenchSyntax.BS, 4096, SECTOR_BYTES, MAX_BLOCK))
                        .polled(!given.has(BenchSyntax.INTERRUPTS))
                        .range(
                                size(given, BenchSyntax.OFFSET, 0, 0, Long.MAX_VALUE)
                                        / SECTOR_BYTES,
                                size(given, BenchSyntax.SIZE, 0, 0, Long.MAX_VALUE))
                        .rate(given.integer(BenchSyntax.RATE_IOPS, 0, 1, 100_000_000))
                        .verify(given.has(BenchSyntax.VERIFY))
                        .indirect(indirect)
                        .seed(given.integer(BenchSyntax.SEED, 1, 0, Integer.MAX_VALUE));
        BlkOptions front =
                BlkOptions.defaults()
                        .queues(given.integer(BenchSyntax.NUM_QUEUES, 1, 1, MAX_QUEUES))
                        .queueSize(size)
                        .indirectEntries(indirect ? CHAIN : 0)
                        .inflight(!given.has(BenchSyntax.NO_IN_FLIGHT));
        if (given.has(BenchSyntax.PACKED)) {
            front = front.with(VirtioSpec.F_RING_PACKED);
        }
        if (given.has(BenchSyntax.NO_EVENT_IDX)) {
            front = front.without(VirtioSpec.F_EVENT_IDX);
        }
        return new BlkBench(front, load, given.has(BenchSyntax.HUGE_PAGES));
    }

    /** The load of {@code ringside bench net}. */
    public static NetBench net(Given given) throws OperatorException {
        String mode =
                Values.word(
                        BenchSyntax.MODE,
                        text(given, BenchSyntax.MODE, "loop"),
                        List.of("sink", "source", "loop", "latency"));
        if (mode.equals("source") && given.has(BenchSyntax.FLOWS)) {
            throw new OperatorException(
                    "--flows has no meaning with --mode=source: there the device makes the frames");
        }
        int size = ring(given);
        int depth = given.integer(BenchSyntax.DEPTH, Math.min(128, size / 2), 1, size / 2);
        FrameSizes sizes = frameSizes(text(given, BenchSyntax.FRAME_SIZE, "64"));
        NetLoadOptions load =
                switch (mode) {
                    case "sink" -> NetLoadOptions.sink(sizes.least(), depth);
                    case "source" -> NetLoadOptions.source(depth);
                    case "latency" -> NetLoadOptions.roundTrip(sizes.least());
                    default -> NetLoadOptions.loop(sizes.least(), depth);
                };
        load =
                load.sizes(sizes)
                        .flows(given.integer(BenchSyntax.FLOWS, 0, 1, MAX_FLOWS))
                        .receiveBytes(Math.max(2048, sizes.most() + NetSpec.HEADER_BYTES))
                        .polled(!given.has(BenchSyntax.INTERRUPTS))
                        .verify(given.has(BenchSyntax.VERIFY))
                        .seed(given.integer(BenchSyntax.SEED, 1, 0, Integer.MAX_VALUE));
        long features =
                NetOptions.defaults().features()
                        | (given.has(BenchSyntax.PACKED) ? bit(VirtioSpec.F_RING_PACKED) : 0);
        if (given.has(BenchSyntax.NO_EVENT_IDX)) {
            features &= ~bit(VirtioSpec.F_EVENT_IDX);
        }
        NetOptions front =
                NetOptions.defaults()
                        .pairs(given.integer(BenchSyntax.QUEUE_PAIRS, 1, 1, MAX_QUEUES))
                        .queueSize(size)
                        .features(features)
                        .inflight(!given.has(BenchSyntax.NO_IN_FLIGHT));
        int flows = load.flows();
        String title =
                mode.equals("source")
                        ? "source, depth " + depth
                        : mode
                                + ", frames of "
                                + sizes
                                + " bytes"
                                + (flows == 0 ? "" : " in " + flows + " flows")
                                + (mode.equals("latency") ? "" : ", depth " + depth);
        return new NetBench(front, load, title, size, given.has(BenchSyntax.HUGE_PAGES));
    }

    /** Who is measured, how long and how often. */
    public static Contest contest(Given given, Bench bench, PrintStream progress)
            throws OperatorException {
        List<Side> sides = new ArrayList<>();
        Path socket = given.path(BenchSyntax.SOCKET_PATH);
        if (socket == null) {
            throw new OperatorException(
                    "there is no back-end to measure: give --socket-path=PATH, where it listens");
        }
        sides.add(new Side("A", socket, given.integer(BenchSyntax.PID, 0, 1, Integer.MAX_VALUE)));
        Path other = given.path(BenchSyntax.VS);
        if (other != null) {
            int pid = given.integer(BenchSyntax.VS_PID, 0, 1, Integer.MAX_VALUE);
            sides.add(new Side("B", other, pid));
        } else if (given.has(BenchSyntax.VS_PID)) {
            throw new OperatorException("--vs-pid has no meaning without --vs: give both");
        }
        return new Contest(
                bench,
                sides,
                given.integer(BenchSyntax.WARM_UP, 1, 0, MAX_SECONDS) * SECOND_NS,
                given.integer(BenchSyntax.RUNTIME, 5, 1, MAX_SECONDS) * SECOND_NS,
                given.integer(BenchSyntax.TURNS, other == null ? 1 : 5, 1, 1000),
                progress);
    }

    private static String text(Given given, String option, String byDefault) {
        String text = given.text(option);
        return text == null ? byDefault : text;
    }

    private static int ring(Given given) throws OperatorException {
        String size = text(given, BenchSyntax.QUEUE_SIZE, "256");
        return Values.powerOfTwo(BenchSyntax.QUEUE_SIZE, size, 4, MAX_RING);
    }

    /** A size such as {@code 64k}: whole sectors. */
    private static long size(Given given, String option, long byDefault, long least, long most)
            throws OperatorException {
        String text = given.text(option);
        if (text == null) {
            return byDefault;
        }
        long size = Values.bytes(text, 9);
        if (size < least || size > most || size % SECTOR_BYTES != 0) {
            throw new OperatorException(
                    given.shown(option)
                            + " is not a number of whole sectors of 512 bytes"
                            + (most == Long.MAX_VALUE ? "" : ", at most " + (most >> 20) + "m")
                            + ": 64k, for example");
        }
        return size;
    }

    /** One size, least and most, or the mix. */
    private static FrameSizes frameSizes(String text) throws OperatorException {
        if (text.equals("imix")) {
            return FrameSizes.IMIX;
        }
        String[] parts = text.split("-", 2);
        try {
            int least = Integer.parseInt(parts[0]);
            int most = Integer.parseInt(parts[parts.length - 1]);
            // A frame carries its number behind its header.
            if (least >= 60 && least <= most && most <= MAX_FRAME) {
                return FrameSizes.between(least, most);
            }
        } catch (NumberFormatException e) {
            // Told below, with all other wrong ones.
        }
        throw new OperatorException(
                Values.given(BenchSyntax.FRAME_SIZE, text)
                        + " is not a frame's size from 60 to "
                        + MAX_FRAME
                        + ", nor two such as 64-1518, nor imix");
    }
}
