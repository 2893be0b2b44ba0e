package dev.ringside.server.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ringside.frontend.LatencyRecorder;
import dev.ringside.server.options.Amount;
import dev.ringside.server.options.TextTable;
import java.util.List;
import java.util.Locale;

/** Says what came of a contest: a table for people, JSON for programs. */
public final class BenchReport {
    private static final double[] SHARES = {0.5, 0.9, 0.99, 0.999};
    private static final String[] PERCENTILES = {"p50", "p90", "p99", "p99.9"};

    private BenchReport() {}

    /** Lines for a terminal. */
    public static String table(Contest.Result result) {
        StringBuilder text = new StringBuilder();
        text.append(result.bench().describe()).append('\n');
        for (Side side : result.sides()) {
            text.append(side.name()).append(": ").append(side.socket()).append('\n');
        }
        text.append('\n').append(throughput(result));
        if (result.turns().stream().flatMap(List::stream).anyMatch(t -> !t.latency().isEmpty())) {
            text.append('\n').append(latency(result));
        }
        if (result.sides().size() > 1) {
            text.append('\n').append(ratios(result));
        }
        return text.toString();
    }

    private static String throughput(Contest.Result result) {
        String unit = result.bench().unit();
        TextTable table =
                new TextTable(
                        "SIDE",
                        unit.toUpperCase(Locale.ROOT) + "/s",
                        "LEAST",
                        "MOST",
                        "DATA/s",
                        "CPU EACH",
                        "KICKS",
                        "CALLS",
                        "FAULTS");
        for (int i = 0; i < result.sides().size(); i++) {
            List<Turn> turns = result.turns().get(i);
            Turn all = Turn.sum(turns);
            double[] spread = Contest.Result.spread(turns, Turn::perSecond);
            table.add(
                    result.sides().get(i).name(),
                    Amount.count(spread[1]),
                    Amount.count(spread[0]),
                    Amount.count(spread[2]),
                    Amount.bytes(all.bytesPerSecond()),
                    Amount.time(all.cpuNsPerOperation()),
                    Long.toString(all.kicks()),
                    Long.toString(all.calls()),
                    all.faultText());
        }
        return table.text();
    }

    private static String latency(Contest.Result result) {
        TextTable table =
                new TextTable("SIDE", "LATENCY OF", "MEAN", "P50", "P90", "P99", "P99.9", "MAX");
        for (int i = 0; i < result.sides().size(); i++) {
            String side = result.sides().get(i).name();
            Turn.sum(result.turns().get(i))
                    .latency()
                    .forEach((operation, latency) -> addLatency(table, side, operation, latency));
        }
        return table.text();
    }

    private static void addLatency(
            TextTable table, String side, String operation, LatencyRecorder latency) {
        table.add(
                side,
                operation,
                Amount.time(latency.meanNs()),
                Amount.time(latency.percentileNs(0.5)),
                Amount.time(latency.percentileNs(0.9)),
                Amount.time(latency.percentileNs(0.99)),
                Amount.time(latency.percentileNs(0.999)),
                Amount.time(latency.maxNs()));
    }

    private static String ratios(Contest.Result result) {
        TextTable table = new TextTable("A / B", "MEDIAN", "LEAST", "MOST");
        addRatio(table, "throughput", result.ratio(Turn::perSecond));
        addRatio(table, "CPU each", result.ratio(Turn::cpuNsPerOperation));
        return table.text();
    }

    private static void addRatio(TextTable table, String name, double[] ratio) {
        table.add(name, Amount.ratio(ratio[0]), Amount.ratio(ratio[1]), Amount.ratio(ratio[2]));
    }

    /** One JSON object; times are nanoseconds. */
    public static String json(Contest.Result result) {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        root.put("load", result.bench().describe());
        root.put("unit", result.bench().unit());
        ArrayNode sides = root.putArray("sides");
        for (int i = 0; i < result.sides().size(); i++) {
            ObjectNode side = sides.addObject();
            side.put("name", result.sides().get(i).name());
            side.put("socket", result.sides().get(i).socket().toString());
            put(side, Turn.sum(result.turns().get(i)));
            ArrayNode turns = side.putArray("turns");
            result.turns().get(i).forEach(turn -> put(turns.addObject(), turn));
        }
        if (result.sides().size() > 1) {
            ObjectNode ratio = root.putObject("ratio");
            put(ratio.putObject("throughput"), result.ratio(Turn::perSecond));
            put(ratio.putObject("cpu"), result.ratio(Turn::cpuNsPerOperation));
        }
        try {
            return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void put(ObjectNode node, double[] ratio) {
        if (Double.isFinite(ratio[0])) {
            node.put("median", ratio[0]).put("least", ratio[1]).put("most", ratio[2]);
        }
    }

    private static void put(ObjectNode node, Turn turn) {
        node.put("operations", turn.operations());
        node.put("perSecond", turn.perSecond());
        node.put("bytesPerSecond", turn.bytesPerSecond());
        node.put("elapsedNs", turn.elapsedNs());
        if (turn.cpuNs() >= 0) {
            node.put("cpuNsPerOperation", turn.cpuNsPerOperation());
        }
        node.put("kicks", turn.kicks());
        node.put("calls", turn.calls());
        turn.faults().forEach(node::put);
        ObjectNode latencies = node.putObject("latencyNs");
        turn.latency().forEach((name, latency) -> put(latencies.putObject(name), latency));
    }

    private static void put(ObjectNode node, LatencyRecorder latency) {
        node.put("mean", latency.meanNs());
        for (int i = 0; i < SHARES.length; i++) {
            node.put(PERCENTILES[i], latency.percentileNs(SHARES[i]));
        }
        node.put("max", latency.maxNs());
    }
}
