package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.ExitCode;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The verbs that ask how the process is, and how much it says by itself. */
final class HealthVerbs {
    private HealthVerbs() {}

    static List<Verb> all() {
        return List.of(
                Verb.of(
                        "health",
                        List.of(),
                        "%nWhether every thread answers and front-ends are served, as /healthz and"
                                + " /readyz say it. Status 1: not so.%n",
                        HealthVerbs::health),
                Verb.of(
                        "log-level",
                        List.of("[LEVEL]"),
                        "%nWrites lines of the log from this level on: debug, info, warning or"
                                + " error. Without one: says which it is.%n",
                        HealthVerbs::logLevel));
    }

    private static int health(Call call) throws IOException, RpcException {
        JsonNode health = call.ask("process.health", Map.of());
        StringBuilder text = new StringBuilder();
        health.path("failures").forEach(failure -> text.append(failure.asText()).append('\n'));
        boolean ready = health.path("notReady").isNull();
        boolean healthy = text.isEmpty();
        text.append(healthy ? "healthy, " : "failed, ")
                .append(ready ? "serving" : "not ready: " + health.path("notReady").asText())
                .append('\n');
        int unused = call.print(health, text.toString());
        return healthy && ready ? ExitCode.OK : ExitCode.FAILED;
    }

    private static int logLevel(Call call) throws IOException, RpcException {
        List<String> words = call.words();
        JsonNode result =
                call.ask(
                        "log.level",
                        words.isEmpty() ? Map.of() : Map.of("level", words.getFirst()));
        String level = result.path("level").asText();
        return call.print(result, "lines are written from " + level + " on\n");
    }
}
