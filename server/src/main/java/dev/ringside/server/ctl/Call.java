package dev.ringside.server.ctl;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringside.server.control.ControlClient;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.Given;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;

/**
 * One run of a verb.
 *
 * @param client connected to the process
 * @param given its options
 * @param words what follows the verb, as many as it takes
 * @param json whether results are printed as they came
 * @param out for results
 */
record Call(ControlClient client, Given given, List<String> words, boolean json, PrintStream out) {
    /** Longer than anything the process does before it answers. */
    private static final long TIMEOUT_MS = 30_000;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    Call {
        words = List.copyOf(words);
    }

    /** Calls a method. */
    JsonNode ask(String method, Map<String, ?> parameters) throws IOException, RpcException {
        return client.call(method, parameters, JsonNode.class, TIMEOUT_MS);
    }

    /** Prints a result as it came, or as a text. */
    int print(JsonNode result, String text) {
        out.print(json ? pretty(result) : text);
        out.flush();
        return 0;
    }

    /** JSON for people. */
    static String pretty(JsonNode result) {
        try {
            return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads JSON that was typed; null: it is none. */
    static JsonNode parse(String text) throws JsonProcessingException {
        return MAPPER.readTree(text);
    }
}
