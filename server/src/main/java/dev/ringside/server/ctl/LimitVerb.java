package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.OperatorException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The verb that changes limits. */
final class LimitVerb {
    private LimitVerb() {}

    static Verb verb() {
        return Verb.of(
                "set-limits",
                List.of("NAME", "[KIND=LIMIT...]"),
                "%nChanges what a disk, or a limit group, may do in a second: iops=500,"
                        + " bps-write=100M,burst=1G or iops-read=off. What is not named stays;"
                        + " without any it says what is in force.%n",
                LimitVerb::run);
    }

    private static int run(Call call) throws IOException, RpcException, OperatorException {
        String name = call.words().getFirst();
        Map<String, String> limits = new LinkedHashMap<>();
        for (String word : call.words().subList(1, call.words().size())) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw new OperatorException(
                        "'" + word + "' is no limit: write iops=500, for example");
            }
            limits.put(word.substring(0, equals), word.substring(equals + 1));
        }
        JsonNode result = call.ask("disk.limits", Map.of("name", name, "limits", limits));
        String text =
                result.path("limits").properties().stream()
                        .map(limit -> limit.getKey() + "=" + limit.getValue().asText())
                        .collect(Collectors.joining(" "));
        return call.print(
                result, name + (text.isEmpty() ? " has no limits" : " has " + text) + "\n");
    }
}
