package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.Text;
import dev.ringside.server.options.TextTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The verbs that say how devices are. */
final class LookVerbs {
    private static final List<String> STATES =
            List.of("running", "disabled", "paused", "waiting", "broken");

    private LookVerbs() {}

    static List<Verb> all() {
        return List.of(
                Verb.of("list", List.of(), "%nA line for each device.%n", LookVerbs::list),
                Verb.of(
                        "show",
                        List.of("NAME"),
                        "%nOne device, with a line for each queue that is of use: its state, and"
                                + " why and since when it is broken.%n",
                        LookVerbs::show));
    }

    private static int list(Call call) throws IOException, RpcException {
        JsonNode devices = call.ask("device.list", Map.of());
        TextTable table =
                new TextTable("DEVICE", "KIND", "FRONT-END", "QUEUES", "MEMORY", "SOCKET");
        for (JsonNode device : devices) {
            table.add(
                    device.path("device").asText(),
                    device.path("kind").asText(),
                    frontEnd(device),
                    queues(device),
                    memory(device),
                    device.path("socket").asText());
        }
        return call.print(devices, table.text());
    }

    private static String frontEnd(JsonNode device) {
        String some = device.path("connected").asBoolean() ? "connected" : "none";
        return device.path("accepting").asBoolean() ? some : some + ", draining";
    }

    /** How many queues are in which state; those that nobody uses only when there are no others. */
    private static String queues(JsonNode device) {
        List<String> parts = new ArrayList<>();
        for (String state : STATES) {
            int count = 0;
            for (JsonNode queue : device.path("queues")) {
                count += queue.path("state").asText().equals(state) ? 1 : 0;
            }
            if (count > 0) {
                parts.add(count + " " + state);
            }
        }
        String text = parts.isEmpty() ? stopped(device) : String.join(", ", parts);
        boolean told = text.contains("paused");
        return device.path("paused").asBoolean() && !told ? text + ", paused" : text;
    }

    private static String stopped(JsonNode device) {
        return device.path("queues").size() + " stopped";
    }

    private static String memory(JsonNode device) {
        return (device.path("memoryBytes").asLong() >> 20) + " MiB";
    }

    private static int show(Call call) throws IOException, RpcException {
        JsonNode device = call.ask("device.show", Map.of("name", call.words().getFirst()));
        StringBuilder text =
                new StringBuilder()
                        .append(device.path("kind").asText())
                        .append(' ')
                        .append(device.path("device").asText())
                        .append(": ")
                        .append(
                                device.path("connected").asBoolean()
                                        ? "front-end connected"
                                        : "no front-end")
                        .append(" on ")
                        .append(device.path("socket").asText())
                        .append(device.path("accepting").asBoolean() ? "" : ", draining")
                        .append(device.path("paused").asBoolean() ? ", paused" : "")
                        .append(", features 0x")
                        .append(device.path("features").asText())
                        .append(", ")
                        .append(memory(device))
                        .append(" in ")
                        .append(Text.count(device.path("memoryRegions").asInt(), "region"))
                        .append("; ")
                        .append(Text.count(device.path("queues").size(), "queue"))
                        .append('\n');
        device.path("attributes")
                .properties()
                .forEach(
                        attribute ->
                                text.append(attribute.getKey())
                                        .append(": ")
                                        .append(attribute.getValue().asText())
                                        .append('\n'));
        return call.print(device, text + queueTable(device));
    }

    private static String queueTable(JsonNode device) {
        TextTable table =
                new TextTable(
                        "QUEUE",
                        "STATE",
                        "SIZE",
                        "FORMAT",
                        "SHARD",
                        "IN-FLIGHT",
                        "CHAINS",
                        "KICKS",
                        "CALLS",
                        "WHY");
        for (JsonNode queue : device.path("queues")) {
            String state = queue.path("state").asText();
            if (queue.path("size").asInt() > 0 || !state.equals("stopped")) {
                table.add(
                        queue.path("queue").asText(),
                        state,
                        queue.path("size").asText(),
                        queue.path("format").asText(),
                        queue.path("shard").asText(),
                        queue.path("inFlight").asText(),
                        queue.path("chains").asText(),
                        queue.path("kicks").asText(),
                        queue.path("calls").asText(),
                        queue.path("fault").isNull()
                                ? ""
                                : queue.path("fault").asText()
                                        + " since "
                                        + queue.path("since").asText());
            }
        }
        return table.text();
    }
}
