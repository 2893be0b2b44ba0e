package dev.ringside.server.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.control.Method;
import dev.ringside.server.control.Methods;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.options.NetOptions;
import dev.ringside.server.options.ServerOptions;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/control.md says of every method what the program does. */
final class ControlDocumentTest {
    private static final Path PAGE = Path.of("..", "docs", "control.md");
    private static final Pattern HEADING =
            Pattern.compile("(?m)^### `([a-z.]+)` \\((read|change)\\)$");
    private static final Pattern EXAMPLE = Pattern.compile("```json\n(\\{.*})\n```");

    private static Methods methods(Engine engine, MetricsRegistry registry) {
        var options = new NetOptions(List.of(), List.of(), ServerOptions.defaults());
        return ControlSocket.methods(
                new ControlSocket.Context(
                        engine,
                        ServedTogether.of(options),
                        registry,
                        () -> new CommandText(CommandText.NET, List.of()),
                        () -> 0,
                        new ServiceManager(null, 0),
                        () -> {}));
    }

    @Test
    void shouldExplainEveryMethodAndNoOther() throws Exception {
        Map<String, String> sections = sections();
        var registry = new MetricsRegistry();
        try (Engine engine = Engine.start(EngineConfig.of(1, IdleMode.ADAPTIVE), registry)) {
            var methods = methods(engine, registry).all();

            assertEquals(
                    methods.stream().map(Method::name).toList(),
                    List.copyOf(sections.keySet()),
                    "the methods, sorted");
            for (Method<?> method : methods) {
                assertExplains(method, sections.getOrDefault(method.name(), ""));
            }
        }
    }

    private static void assertExplains(Method<?> method, String section) throws Exception {
        String heading = "### `" + method.name() + "` (" + method.access().text() + ")";
        assertTrue(section.startsWith(heading), section);
        for (RecordComponent parameter : method.parameters().getRecordComponents()) {
            assertTrue(section.contains("`" + parameter.getName() + "`"), parameter + section);
        }
        Matcher example = EXAMPLE.matcher(section);
        assertTrue(example.find(), section);
        JsonNode request = new ObjectMapper().readTree(example.group(1));
        assertEquals(method.name(), request.path("method").asText());
        JsonNode params = request.path("params");
        assertNotNull(
                new ObjectMapper()
                        .treeToValue(
                                params.isMissingNode()
                                        ? JsonNodeFactory.instance.objectNode()
                                        : params,
                                method.parameters()));
    }

    private static Map<String, String> sections() throws Exception {
        String page = Files.readString(PAGE);
        Map<String, String> sections = new TreeMap<>();
        Matcher heading = HEADING.matcher(page);
        while (heading.find()) {
            int end = page.indexOf("\n##", heading.end());
            sections.put(heading.group(1), page.substring(heading.start(), end));
        }
        return sections;
    }
}
