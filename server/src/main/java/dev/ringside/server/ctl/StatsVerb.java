package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code stats}: what was counted, once or as rates again and again. */
final class StatsVerb {
    private static final String INTERVAL = "--interval";
    private static final String COUNT = "--count";
    private static final int MAX_INTERVAL_S = 86_400;

    private StatsVerb() {}

    static Verb verb() {
        return new Verb(
                "stats",
                List.of("[NAME]"),
                "%nWhat was counted of each device, or of one, since the process serves it; with"
                        + " --interval: what happened in each second, again and again.%n",
                spec -> {
                    ServeSyntax.text(
                            spec,
                            INTERVAL,
                            "SECONDS",
                            "Print rates each so many seconds, until interrupted.");
                    ServeSyntax.text(
                            spec, COUNT, "N", "With --interval: end after so many tables.");
                },
                StatsVerb::run);
    }

    private static int run(Call call)
            throws IOException, RpcException, OperatorException, InterruptedException {
        int intervalS = call.given().integer(INTERVAL, 0, 1, MAX_INTERVAL_S);
        int count = call.given().integer(COUNT, Integer.MAX_VALUE, 1, 999_999_999);
        JsonNode before = ask(call);
        if (intervalS == 0) {
            return print(call, before, null);
        }
        for (int i = 0; i < count; i++) {
            TimeUnit.SECONDS.sleep(intervalS);
            JsonNode now = ask(call);
            int unused = print(call, now, before);
            before = now;
        }
        return ExitCode.OK;
    }

    private static JsonNode ask(Call call) throws IOException, RpcException {
        List<String> words = call.words();
        return call.ask(
                "device.stats", words.isEmpty() ? Map.of() : Map.of("name", words.getFirst()));
    }

    private static int print(Call call, JsonNode now, @Nullable JsonNode before) {
        return call.print(now, call.json() ? "" : StatsTable.text(now, before));
    }
}
