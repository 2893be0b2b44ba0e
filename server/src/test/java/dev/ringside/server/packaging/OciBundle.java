package dev.ringside.server.packaging;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An OCI image as a runtime runs it: unpacked by umoci, run by crun, with no capability, no right
 * to get any, and a root file system that it cannot write; for root only.
 */
record OciBundle(Path folder) {
    private static final String CONFIG = "config.json";

    /** Where crun runs: it does not like the control groups of every host. */
    private static final String PLACE = "mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec \"$@\"";

    /**
     * Unpacks an archive of one image.
     *
     * @param mounts folders of the host by where the container has them
     * @param arguments of the image's entry point
     */
    static OciBundle unpack(
            Path archive, Path folder, Map<String, Path> mounts, List<String> arguments)
            throws IOException, InterruptedException {
        Path layout = Files.createDirectories(folder.resolve("layout"));
        String unused =
                Programs.output(List.of("tar", "-xf", archive.toString(), "-C", layout.toString()));
        var mapper = new ObjectMapper();
        String tag =
                mapper.readTree(layout.resolve("index.json").toFile())
                        .findValue("org.opencontainers.image.ref.name")
                        .asText();
        Path bundle = folder.resolve("bundle");
        unused =
                Programs.output(
                        List.of(
                                "umoci",
                                "unpack",
                                "--image",
                                layout + ":" + tag,
                                bundle.toString()));
        Path file = bundle.resolve(CONFIG);
        var config = (ObjectNode) mapper.readTree(file.toFile());
        confine(config, arguments);
        mounts.forEach(
                (where, what) ->
                        config.withArray("mounts")
                                .addObject()
                                .put("destination", where)
                                .put("source", what.toString())
                                .put("type", "bind")
                                .putArray("options")
                                .add("bind")
                                .add("rw"));
        mapper.writeValue(file.toFile(), config);
        return new OciBundle(bundle);
    }

    private static void confine(ObjectNode config, List<String> arguments) {
        var process = (ObjectNode) config.get("process");
        process.put("terminal", false);
        process.putObject("capabilities");
        process.put("noNewPrivileges", true);
        String entry = process.get("args").get(0).asText();
        var words = process.putArray("args").add(entry);
        arguments.forEach(words::add);
        ((ObjectNode) config.get("root")).put("readonly", true);
        config.withArray("mounts")
                .addObject()
                .put("destination", "/tmp")
                .put("source", "tmpfs")
                .put("type", "tmpfs");
    }

    /** Starts a container; it ends with the process that runs it. */
    Process run(String name) throws IOException {
        return crun("run", "--bundle", folder.toString(), name).start();
    }

    /** Runs a command in a container; its output. */
    String exec(String name, String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("exec", name));
        command.addAll(List.of(words));
        return Programs.output(crun(command.toArray(String[]::new)).command());
    }

    /** Sends the container's first process a signal by name. */
    void signal(String name, String signal) throws IOException, InterruptedException {
        String unused = Programs.output(crun("kill", name, signal).command());
    }

    private ProcessBuilder crun(String... words) {
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", PLACE));
        command.addAll(List.of("sh", "crun", "--cgroup-manager=disabled"));
        command.add("--root=" + folder.resolveSibling("state"));
        command.addAll(List.of(words));
        return new ProcessBuilder(command);
    }
}
