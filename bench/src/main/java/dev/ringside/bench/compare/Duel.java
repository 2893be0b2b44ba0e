package dev.ringside.bench.compare;

import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The same load on two back-ends in turn, A B A B. A pair counts only when the processors' distance
 * was about the same before and after it.
 */
final class Duel {
    /** A pair in which the distance changed by more than this factor says nothing. */
    private static final double STEADY = 1.5;

    private final CompareOptions options;

    Duel(final CompareOptions options) {
        this.options = options;
    }

    /**
     * One back-end's turn.
     *
     * @param requestsPerSecond throughput
     * @param cpuNsPerRequest processor time of the back-end's process for each request
     * @param p50Ns median latency
     */
    record Turn(double requestsPerSecond, double cpuNsPerRequest, long p50Ns, long p99Ns) {}

    /** Neighbouring turns of both. */
    record Pair(Turn ringside, Turn peer, long roundTripNs) {
        double ratio() {
            return ringside.requestsPerSecond() / peer.requestsPerSecond();
        }
    }

    /** All pairs of one cell of the table. */
    record Cell(Storage storage, boolean write, int depth, List<Pair> pairs, int dropped) {
        double median(final ToDoubleFunction<Pair> value) {
            final double[] sorted = pairs.stream().mapToDouble(value).sorted().toArray();
            return sorted.length == 0 ? Double.NaN : Duel.median(sorted);
        }

        double least() {
            return pairs.stream().mapToDouble(Pair::ratio).min().orElse(Double.NaN);
        }

        double most() {
            return pairs.stream().mapToDouble(Pair::ratio).max().orElse(Double.NaN);
        }
    }

    static double median(final double... values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    Cell fight(
            final Storage storage,
            final BackEnd ringside,
            final BackEnd peer,
            final boolean write,
            final int depth)
            throws IOException {
        turn(ringside, write, depth, options.warmUpNs());
        turn(peer, write, depth, options.warmUpNs());
        final List<Pair> pairs = new ArrayList<>();
        int dropped = 0;
        while (pairs.size() < options.pairs() && dropped <= 2 * options.pairs()) {
            final long before = distance();
            final Turn mine = turn(ringside, write, depth, options.turnNs());
            final Turn other = turn(peer, write, depth, options.turnNs());
            final long after = distance();
            if (Math.max(before, after) > STEADY * Math.min(before, after)) {
                dropped++;
                continue;
            }
            pairs.add(new Pair(mine, other, (before + after) / 2));
        }
        return new Cell(storage, write, depth, pairs, dropped);
    }

    private long distance() throws IOException {
        return CoreDistance.roundTripNs(options.frontendCpu(), options.backendCpu());
    }

    private Turn turn(
            final BackEnd backEnd, final boolean write, final int depth, final long durationNs)
            throws IOException {
        final var mark = backEnd.driver().memory().mark();
        final LoadOptions load =
                (write ? LoadOptions.randomWrite(depth) : LoadOptions.randomRead(depth))
                        .durationNs(durationNs)
                        .seed(depth);
        final long cpuBefore = backEnd.cpuNs();
        final LoadResult result =
                new BlkLoad(backEnd.driver(), load).start(options.frontendCpu()).join();
        final long cpuNs = backEnd.cpuNs() - cpuBefore;
        backEnd.driver().memory().release(mark);
        if (!result.clean()) {
            throw new IOException(backEnd.kind().title() + ": " + result.summary());
        }
        return new Turn(
                result.requestsPerSecond(),
                (double) cpuNs / result.requests(),
                result.latency().percentileNs(0.5),
                result.latency().percentileNs(0.99));
    }
}
