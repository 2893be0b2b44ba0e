package dev.ringside.bench.compare;

import java.util.Set;

/**
 * How long and how often things are measured, and where they run.
 *
 * @param quick short runs: whether it works, not how fast
 * @param pairs runs of each back-end in a cell
 * @param turnNs length of a run
 * @param warmUpNs length of the run before the first
 * @param frontendCpu the load generator's processor
 * @param backendCpu the back-ends' processor
 */
record Pace(boolean quick, int pairs, long turnNs, long warmUpNs, int frontendCpu, int backendCpu) {
    /** The options that it takes. */
    static final Set<String> OPTIONS = Set.of("--quick", "--pairs", "--seconds");

    private static final long SECOND_NS = 1_000_000_000L;

    static Pace parse(final Arguments arguments) {
        final boolean quick = arguments.has("--quick");
        final double seconds = Double.parseDouble(arguments.last("--seconds", quick ? "0.3" : "2"));
        return new Pace(
                quick,
                Integer.parseInt(arguments.last("--pairs", quick ? "2" : "5")),
                (long) (seconds * SECOND_NS),
                quick ? SECOND_NS / 2 : 3 * SECOND_NS,
                0,
                1);
    }
}
