package dev.ringside.server.bench;

import dev.ringside.frontend.LatencyRecorder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What one turn saw.
 *
 * @param operations requests or frames that came back
 * @param bytes of their data
 * @param elapsedNs from the first to the last
 * @param latency by what was measured ({@code read}, {@code write}, {@code round trip}); empty when
 *     nothing was
 * @param faults what should be 0, by name ({@code errors}, {@code mismatches}, {@code lost})
 * @param kicks signals to the back-end
 * @param calls signals from it
 * @param cpuNs processor time of the back-end's process; -1: not known
 */
record Turn(
        long operations,
        long bytes,
        long elapsedNs,
        Map<String, LatencyRecorder> latency,
        Map<String, Long> faults,
        long kicks,
        long calls,
        long cpuNs) {
    double perSecond() {
        return elapsedNs == 0 ? 0 : operations * 1e9 / elapsedNs;
    }

    double bytesPerSecond() {
        return elapsedNs == 0 ? 0 : bytes * 1e9 / elapsedNs;
    }

    /** NaN when the processor time is not known. */
    double cpuNsPerOperation() {
        return cpuNs < 0 || operations == 0 ? Double.NaN : (double) cpuNs / operations;
    }

    boolean clean() {
        return faults.values().stream().allMatch(count -> count == 0);
    }

    /** Several turns as one long one; there is at least one. */
    static Turn sum(List<Turn> turns) {
        Map<String, LatencyRecorder> latency = new LinkedHashMap<>();
        Map<String, Long> faults = new LinkedHashMap<>();
        for (Turn turn : turns) {
            turn.latency.forEach(
                    (name, recorder) ->
                            latency.computeIfAbsent(name, unused -> new LatencyRecorder())
                                    .add(recorder));
            turn.faults.forEach((name, count) -> faults.merge(name, count, Long::sum));
        }
        boolean known = turns.stream().allMatch(turn -> turn.cpuNs >= 0);
        return new Turn(
                turns.stream().mapToLong(Turn::operations).sum(),
                turns.stream().mapToLong(Turn::bytes).sum(),
                turns.stream().mapToLong(Turn::elapsedNs).sum(),
                latency,
                faults,
                turns.stream().mapToLong(Turn::kicks).sum(),
                turns.stream().mapToLong(Turn::calls).sum(),
                known ? turns.stream().mapToLong(Turn::cpuNs).sum() : -1);
    }

    /** Such as {@code 3 errors, 0 mismatches}. */
    String faultText() {
        return faults.entrySet().stream()
                .map(fault -> fault.getValue() + " " + fault.getKey())
                .collect(Collectors.joining(", "));
    }
}
