package dev.ringside.server.ctl;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.TextTable;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The verbs about the process as a whole, and about the protocol itself. */
final class ProcessVerbs {
    private static final String UNDO = "--undo";
    private static final String TIMEOUT = "--timeout";
    private static final int MAX_TIMEOUT_S = 1_000_000;
    private static final long LOOK_MS = 100;
    private static final long END_MS = 30_000;
    private static final long NS_PER_S = 1_000_000_000L;

    private ProcessVerbs() {}

    static List<Verb> all() {
        return List.of(
                new Verb(
                        "drain",
                        List.of(),
                        "%nAccepts no front-end any more, and waits until those that are connected"
                                + " have left. They are served to their end.%n",
                        spec -> {
                            ServeSyntax.text(
                                    spec,
                                    TIMEOUT,
                                    "SECONDS",
                                    "Wait no longer, and end with status 1; 0: do not wait."
                                            + " Default: wait as long as it takes.");
                            ServeSyntax.flag(spec, UNDO, "Accept front-ends again.");
                        },
                        ProcessVerbs::drain),
                Verb.of(
                        "shutdown",
                        List.of(),
                        "%nEnds the process as SIGTERM does, and waits for its end: what was taken"
                                + " is answered first.%n",
                        ProcessVerbs::shutdown),
                Verb.of(
                        "version",
                        List.of(),
                        "%nThe running process's version, and that of the control protocol.%n",
                        ProcessVerbs::version),
                Verb.of(
                        "methods",
                        List.of(),
                        "%nEvery method that the process answers.%n",
                        ProcessVerbs::methods),
                Verb.of(
                        "call",
                        List.of("METHOD", "[PARAMETERS]"),
                        "%nCalls a method with parameters as a JSON object, and prints its result"
                                + " as it comes.%n",
                        ProcessVerbs::call));
    }

    private static int drain(Call call)
            throws IOException, RpcException, OperatorException, InterruptedException {
        int limitS = call.given().integer(TIMEOUT, MAX_TIMEOUT_S, 0, MAX_TIMEOUT_S);
        if (call.given().has(UNDO)) {
            call.given().refuseBoth(UNDO, TIMEOUT);
            JsonNode result = call.ask("process.drain", Map.of("undo", true));
            return call.print(result, "front-ends are accepted again\n");
        }
        long endNs = System.nanoTime() + limitS * NS_PER_S;
        JsonNode result = call.ask("process.drain", Map.of());
        List<String> left = names(result);
        while (!left.isEmpty() && System.nanoTime() < endNs) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
            left = connected(call);
        }
        if (left.isEmpty()) {
            return call.print(result, "no front-end is connected any more, and none is accepted\n");
        }
        int unused =
                call.print(
                        result,
                        "no front-end is accepted; still connected: "
                                + String.join(", ", left)
                                + "\n");
        return limitS == 0 ? ExitCode.OK : ExitCode.FAILED;
    }

    private static List<String> names(JsonNode result) {
        List<String> names = new ArrayList<>();
        result.path("connected").forEach(name -> names.add(name.asText()));
        return names;
    }

    private static List<String> connected(Call call) throws IOException, RpcException {
        List<String> names = new ArrayList<>();
        for (JsonNode device : call.ask("device.list", Map.of())) {
            if (device.path("connected").asBoolean()) {
                names.add(device.path("device").asText());
            }
        }
        return names;
    }

    private static int shutdown(Call call) throws IOException, RpcException {
        JsonNode result = new ObjectMapper().createObjectNode();
        try {
            result = call.ask("process.shutdown", Map.of());
        } catch (EOFException e) {
            // It may end before it has answered.
            return call.print(result, "the process has ended\n");
        }
        boolean ended = call.client().awaitHangup(END_MS);
        int unused =
                call.print(
                        result,
                        ended ? "the process has ended\n" : "the process does not end yet\n");
        return ended ? ExitCode.OK : ExitCode.FAILED;
    }

    private static int version(Call call) throws IOException, RpcException {
        JsonNode result = call.ask("control.version", Map.of());
        return call.print(
                result,
                "ringside %s, process %d, control protocol %d%n"
                        .formatted(
                                result.path("version").asText(),
                                result.path("pid").asLong(),
                                result.path("protocol").asInt()));
    }

    private static int methods(Call call) throws IOException, RpcException {
        JsonNode result = call.ask("control.methods", Map.of());
        TextTable table = new TextTable("METHOD", "ACCESS", "PARAMETERS", "WHAT");
        for (JsonNode method : result) {
            List<String> parameters = new ArrayList<>();
            method.path("parameters").fieldNames().forEachRemaining(parameters::add);
            table.add(
                    method.path("name").asText(),
                    method.path("access").asText(),
                    String.join(" ", parameters),
                    method.path("summary").asText());
        }
        return call.print(result, table.text());
    }

    private static int call(Call call) throws IOException, RpcException, OperatorException {
        String text = call.words().size() < 2 ? "{}" : call.words().get(1);
        Map<String, Object> parameters = new java.util.LinkedHashMap<>();
        try {
            JsonNode given = Call.parse(text);
            if (!given.isObject()) {
                throw new OperatorException(
                        "'" + text + "' is no JSON object, such as {\"name\":\"vm1\"}");
            }
            given.properties().forEach(one -> parameters.put(one.getKey(), one.getValue()));
        } catch (JsonProcessingException e) {
            throw new OperatorException("'" + text + "' is no JSON: " + e.getOriginalMessage(), e);
        }
        JsonNode result = call.ask(call.words().getFirst(), parameters);
        return call.print(result, Call.pretty(result));
    }
}
