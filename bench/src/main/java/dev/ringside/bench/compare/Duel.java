package dev.ringside.bench.compare;

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

    private static final int WARM_UPS = 2;

    private final Pace pace;

    Duel(final Pace pace) {
        this.pace = pace;
    }

    /** A back-end under a load. */
    interface Side {
        Turn turn(long durationNs) throws IOException;
    }

    /**
     * One back-end's turn.
     *
     * @param perSecond throughput: requests or frames
     * @param cpuNs processor time of the back-end's process for each of them
     * @param p50Ns median latency; 0 where none was measured
     */
    record Turn(double perSecond, double cpuNs, long p50Ns) {}

    /** Neighbouring turns of both. */
    record Pair(Turn ringside, Turn peer, long roundTripNs) {
        double ratio() {
            return ringside.perSecond() / peer.perSecond();
        }
    }

    /** All pairs of one cell of the table. */
    record Cell(List<Pair> pairs, int dropped) {
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

    static double median(final List<Double> values) {
        return median(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    Cell fight(final Side ringside, final Side peer) throws IOException {
        // Twice: what a JVM meets for the first time when a front-end goes and the next one comes
        // makes it compile the loops again.
        for (int i = 0; i < WARM_UPS; i++) {
            ringside.turn(pace.warmUpNs());
            peer.turn(pace.warmUpNs());
        }
        final List<Pair> pairs = new ArrayList<>();
        int dropped = 0;
        while (pairs.size() < pace.pairs() && dropped <= 2 * pace.pairs()) {
            final long before = distance();
            final Turn mine = ringside.turn(pace.turnNs());
            final Turn other = peer.turn(pace.turnNs());
            final long after = distance();
            if (Math.max(before, after) > STEADY * Math.min(before, after)) {
                dropped++;
                continue;
            }
            pairs.add(new Pair(mine, other, (before + after) / 2));
        }
        return new Cell(pairs, dropped);
    }

    private long distance() throws IOException {
        return CoreDistance.roundTripNs(pace.frontendCpu(), pace.backendCpu());
    }
}
