package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tomlj.Toml;

/** The verbs that change which devices are served. */
final class ConfigVerbs {
    private static final String FORCE = "--force";
    private static final String KEEP_ADDED = "--keep-added";
    private static final String STDIN = "-";

    private ConfigVerbs() {}

    static List<Verb> all() {
        return List.of(
                Verb.of(
                        "config",
                        List.of(),
                        "%nThe configuration that is served now, as TOML.%n",
                        ConfigVerbs::config),
                Verb.of(
                        "add",
                        List.of("FILE|KIND", "[NAME]", "[KEY=VALUE...]"),
                        "%nServes more: the tables of a file (- is stdin), or one table that is"
                                + " written here, as in: add disk scratch"
                                + " socket-path=/run/scratch.sock backend=memory:size=1G. All of"
                                + " it, or nothing.%n",
                        ConfigVerbs::add),
                new Verb(
                        "remove",
                        List.of("NAME"),
                        "%nServes a disk, NIC or uplink no more: what its guest has asked for is"
                                + " answered first.%n",
                        spec ->
                                ServeSyntax.flag(
                                        spec,
                                        FORCE,
                                        "Also while a front-end is connected: it is hung up on."),
                        ConfigVerbs::remove),
                new Verb(
                        "apply",
                        List.of("[FILE]"),
                        "%nServes the configuration in a file (- is stdin), or what stands in the"
                                + " process's own file now, in one step. What is the same in it"
                                + " goes on untouched.%n",
                        spec ->
                                ServeSyntax.flag(
                                        spec, KEEP_ADDED, "Keep what 'add' has added since."),
                        ConfigVerbs::apply));
    }

    private static int config(Call call) throws IOException, RpcException {
        JsonNode shown = call.ask("config.show", Map.of());
        return call.print(shown, shown.path("toml").asText());
    }

    private static int add(Call call) throws IOException, RpcException, OperatorException {
        List<String> words = call.words();
        String toml = words.size() == 1 ? read(words.getFirst()) : table(words);
        return done(call, call.ask("device.add", Map.of("toml", toml)));
    }

    private static int remove(Call call) throws IOException, RpcException {
        return done(
                call,
                call.ask(
                        "device.remove",
                        Map.of("name", call.words().getFirst(), "force", call.given().has(FORCE))));
    }

    private static int apply(Call call) throws IOException, RpcException, OperatorException {
        Map<String, Object> parameters = new HashMap<>();
        parameters.put("keepAdded", call.given().has(KEEP_ADDED));
        if (!call.words().isEmpty()) {
            parameters.put("toml", read(call.words().getFirst()));
        }
        return done(call, call.ask("config.apply", parameters));
    }

    private static int done(Call call, JsonNode result) {
        return call.print(result, result.path("done").asText() + "\n");
    }

    private static String read(String file) throws OperatorException {
        try {
            return file.equals(STDIN)
                    ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new OperatorException(
                    file + " cannot be read: " + e + ": give a file, or KIND NAME KEY=VALUE...", e);
        }
    }

    /** A table from what was typed: keys and values of the configuration's. */
    static String table(List<String> words) throws OperatorException {
        String header = Toml.joinKeyPath(words.subList(0, 2));
        StringBuilder toml = new StringBuilder("[" + header + "]\n");
        for (String word : words.subList(2, words.size())) {
            int equals = word.indexOf('=');
            if (equals <= 0) {
                throw new OperatorException(
                        "'" + word + "' is not KEY=VALUE, such as socket-path=/run/a.sock");
            }
            String value = word.substring(equals + 1);
            boolean flag = value.equals("true") || value.equals("false");
            toml.append(word, 0, equals)
                    .append(" = ")
                    .append(flag ? value : "\"" + Toml.tomlEscape(value) + "\"")
                    .append('\n');
        }
        return toml.toString();
    }
}
