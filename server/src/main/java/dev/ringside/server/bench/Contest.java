package dev.ringside.server.bench;

import dev.ringside.server.options.Amount;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The turns of one side, or of two that take turns: A B A B, so that both have the same machine.
 */
public final class Contest {
    private static final long SECOND_NS = 1_000_000_000L;

    private final Bench bench;
    private final List<Side> sides;
    private final long warmUpNs;
    private final long turnNs;
    private final int turns;
    private final PrintStream progress;

    /**
     * What is to be done.
     *
     * @param sides one, or two
     * @param warmUpNs how long each is driven before anything counts; 0: not at all
     * @param turns of each side
     * @param progress where people see how it goes
     */
    public Contest(
            Bench bench,
            List<Side> sides,
            long warmUpNs,
            long turnNs,
            int turns,
            PrintStream progress) {
        this.bench = bench;
        this.sides = List.copyOf(sides);
        this.warmUpNs = warmUpNs;
        this.turnNs = turnNs;
        this.turns = turns;
        this.progress = progress;
    }

    /**
     * What came of it.
     *
     * @param sides who took part
     * @param turns those of each side, in the order of the sides and of time
     */
    public record Result(Bench bench, List<Side> sides, List<List<Turn>> turns) {
        /** Whether nothing was answered with an error or with wrong data. */
        public boolean clean() {
            return turns.stream().flatMap(List::stream).allMatch(Turn::clean);
        }

        /** Median, least and most of what A has for one of B's, over neighbouring turns. */
        double[] ratio(ToDoubleFunction<Turn> value) {
            List<Turn> first = turns.getFirst();
            List<Turn> second = turns.getLast();
            double[] sorted =
                    IntStream.range(0, first.size())
                            .mapToDouble(
                                    i ->
                                            value.applyAsDouble(first.get(i))
                                                    / value.applyAsDouble(second.get(i)))
                            .sorted()
                            .toArray();
            return new double[] {median(sorted), sorted[0], sorted[sorted.length - 1]};
        }

        private static double median(double[] sorted) {
            int half = sorted.length / 2;
            return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
        }

        /** Least, median and most of one side's turns. */
        static double[] spread(List<Turn> turns, ToDoubleFunction<Turn> value) {
            double[] sorted = turns.stream().mapToDouble(value).toArray();
            Arrays.sort(sorted);
            return new double[] {sorted[0], median(sorted), sorted[sorted.length - 1]};
        }
    }

    /** Runs all of it. */
    public Result run() throws IOException {
        if (warmUpNs > 0) {
            for (Side side : sides) {
                turn(side, warmUpNs, "warm-up");
            }
        }
        List<List<Turn>> all =
                sides.stream().map(side -> (List<Turn>) new ArrayList<Turn>()).toList();
        for (int i = 1; i <= turns; i++) {
            for (int s = 0; s < sides.size(); s++) {
                all.get(s).add(turn(sides.get(s), turnNs, i + "/" + turns));
            }
        }
        return new Result(bench, sides, all);
    }

    private Turn turn(Side side, long durationNs, String title) throws IOException {
        long began = System.nanoTime();
        long[] last = {began, 0};
        Turn turn =
                bench.turn(
                        side,
                        durationNs,
                        done -> {
                            long now = System.nanoTime();
                            tell(
                                    side,
                                    title,
                                    (now - began) / SECOND_NS + " s",
                                    (done - last[1]) * 1e9 / (now - last[0]));
                            last[0] = now;
                            last[1] = done;
                        });
        tell(side, title, "done", turn.perSecond());
        return turn;
    }

    private void tell(Side side, String title, String when, double perSecond) {
        progress.printf(
                "%s %s %s: %s %s/s%n",
                side.name(), title, when, Amount.count(perSecond), bench.unit());
        progress.flush();
    }
}
