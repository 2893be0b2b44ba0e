package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What management tools read of back-ends: QEMU's docs/interop/vhost-user.json. */
final class DiscoveryIT {
    private static final Path ROOT = Path.of("..");
    private static final Set<String> MEMBERS =
            Set.of("description", "type", "features", "binary", "tags");

    private static String run(Path program, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        // Tests run in the middle of a build: it must not begin another one.
        builder.environment().put("RINGSIDE_BUILD", "never");
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @ParameterizedTest
    @ValueSource(strings = {"blk", "net"})
    void shouldNameAProgramThatSaysTheSame(String kind) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        Path file = ROOT.resolve("packaging/vhost-user/50-ringside-" + kind + ".json");
        JsonNode described = mapper.readTree(file.toFile());
        described.fieldNames().forEachRemaining(name -> assertTrue(MEMBERS.contains(name), name));
        Path binary = Path.of(described.get("binary").asText());

        Path program = ROOT.resolve("bin").resolve(binary.getFileName()).toAbsolutePath();
        JsonNode said = mapper.readTree(run(program.normalize(), "--print-capabilities"));

        assertEquals(described.get("type"), said.get("type"));
        JsonNode none = JsonNodeFactory.instance.arrayNode();
        assertEquals(
                described.path("features").isArray() ? described.get("features") : none,
                said.path("features"));
    }
}
