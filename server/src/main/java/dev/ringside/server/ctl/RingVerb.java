package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.TextTable;
import dev.ringside.server.options.Values;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** {@code dump-ring}: what stands in a ring. */
final class RingVerb {
    private static final String ENTRIES = "--entries";
    private static final int DEFAULT_ENTRIES = 16;
    private static final int MAX_ENTRIES = 256;
    private static final int MAX_QUEUES = 65_536;

    private RingVerb() {}

    static Verb verb() {
        return new Verb(
                "dump-ring",
                List.of("NAME", "QUEUE"),
                "%nWhat stands in the ring of a queue and where the device is in it: indices,"
                        + " suppression, and the descriptors that were made available last. Buffers"
                        + " are not read.%n",
                spec ->
                        ServeSyntax.text(
                                spec,
                                ENTRIES,
                                "N",
                                "Show the last N entries, up to "
                                        + MAX_ENTRIES
                                        + ". Default: "
                                        + DEFAULT_ENTRIES
                                        + "."),
                RingVerb::run);
    }

    private static int run(Call call) throws IOException, RpcException, OperatorException {
        int queue = Values.integer("QUEUE", call.words().get(1), 0, MAX_QUEUES);
        int entries = call.given().integer(ENTRIES, DEFAULT_ENTRIES, 1, MAX_ENTRIES);
        JsonNode ring =
                call.ask(
                        "device.ring",
                        Map.of(
                                "name",
                                call.words().getFirst(),
                                "queue",
                                queue,
                                "entries",
                                entries));
        return call.print(ring, text(ring));
    }

    private static String text(JsonNode ring) {
        StringBuilder text = new StringBuilder();
        String fault = ring.path("fault").asText();
        text.append(ring.path("format").asText())
                .append(" ring of ")
                .append(ring.path("size").asInt())
                .append(", ")
                .append(ring.path("inFlight").asInt())
                .append(" in flight")
                .append(fault.isEmpty() ? "" : ", stopped: " + fault)
                .append('\n');
        JsonNode content = ring.path("content");
        content.path("fields")
                .properties()
                .forEach(
                        field ->
                                text.append(field.getKey())
                                        .append(": ")
                                        .append(field.getValue().asLong())
                                        .append('\n'));
        TextTable table = new TextTable("AT", "ID", "STATE", "SLOT", "ADDRESS", "LENGTH", "FLAGS");
        for (JsonNode entry : content.path("entries")) {
            boolean first = true;
            for (JsonNode descriptor : entry.path("descriptors")) {
                table.add(
                        first ? entry.path("position").asText() : "",
                        first ? entry.path("id").asText() : "",
                        first ? entry.path("state").asText() : "",
                        descriptor.path("slot").asText(),
                        descriptor.path("address").asText(),
                        descriptor.path("length").asText(),
                        descriptor.path("flags").asText());
                first = false;
            }
        }
        return text + table.text();
    }
}
