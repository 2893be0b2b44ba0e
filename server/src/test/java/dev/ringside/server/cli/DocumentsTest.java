package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetOptions;
import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.metrics.prometheus.Health;
import dev.ringside.metrics.prometheus.HttpSettings;
import dev.ringside.metrics.prometheus.PrometheusEndpoint;
import dev.ringside.server.bench.BenchSyntax;
import dev.ringside.server.config.ConfigFile;
import dev.ringside.server.config.ConfigKeys;
import dev.ringside.server.config.ConfigKind;
import dev.ringside.server.config.ServeParser;
import dev.ringside.server.control.ControlClients;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.ServeOptions;
import dev.ringside.server.process.NetPorts;
import dev.ringside.server.top.TopCommand;
import dev.ringside.shm.NetNamespace;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BlockBackends;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.LimitGroup;
import dev.ringside.virtio.blk.limit.LimitMetrics;
import dev.ringside.virtio.net.NetConfig;
import dev.ringside.virtio.net.NetDevice;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Model.OptionSpec;

/** The documents for operators say what the program says. */
final class DocumentsTest {
    private static final Path ROOT = Path.of("..");
    private static final Set<String> NUMBERED =
            Set.of("device", "queue", "shard", "port", "switch", "group");

    @TempDir private Path folder = Path.of("/nonexistent");

    private static String read(String document) throws IOException {
        return Files.readString(ROOT.resolve(document));
    }

    @Test
    void shouldNameEveryOptionOfNet() throws IOException {
        String text = read("docs/cli.md") + read("README.md");
        for (OptionSpec option : NetSyntax.commandLine().getCommandSpec().options()) {
            if (!option.usageHelp()) {
                assertTrue(text.contains(option.longestName()), option.longestName());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "docs/cli.md",
                "docs/attach.md",
                "docs/quick-start.md",
                "docs/tuning.md",
                "docs/virtio-net.md",
                "docs/switch.md"
            })
    void shouldNameNoOptionOfNetThatIsNotThere(String document) throws IOException {
        Set<String> options =
                NetSyntax.commandLine().getCommandSpec().options().stream()
                        .flatMap(option -> Stream.of(option.names()))
                        .collect(Collectors.toSet());
        var commands = Pattern.compile("ringside net (.*\\\\\n)*[^\n]*").matcher(read(document));
        while (commands.find()) {
            var used = Pattern.compile("--[a-z-]+").matcher(commands.group());
            while (used.find()) {
                assertTrue(options.contains(used.group()), used.group());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/cli.md"})
    void shouldNameEveryOption(String document) throws IOException {
        String text = read(document);
        for (OptionSpec option : BlkSyntax.commandLine().getCommandSpec().options()) {
            if (!option.usageHelp()) {
                assertTrue(text.contains(option.longestName()), option.longestName());
            }
        }
    }

    @Test
    void shouldNameEveryOptionOfBench() throws IOException {
        String text = read("docs/bench.md");
        Stream.of(BenchSyntax.blk(), BenchSyntax.net())
                .flatMap(command -> command.getCommandSpec().options().stream())
                .filter(option -> !option.usageHelp())
                .forEach(
                        option ->
                                assertTrue(
                                        text.contains(option.longestName()), option.longestName()));
    }

    @ParameterizedTest
    @EnumSource
    void shouldNameTheKeysOfEachTable(ConfigKind kind) throws IOException {
        String row =
                read("docs/serve.md")
                        .lines()
                        .filter(line -> line.startsWith("| `[" + kind.word()))
                        .findFirst()
                        .orElseThrow();
        Set<String> named = new TreeSet<>();
        var keys = Pattern.compile("`([a-z-]+)`").matcher(row);
        while (keys.find()) {
            named.add(keys.group(1));
        }
        assertEquals(new TreeSet<>(ConfigKeys.of(kind)), named);
    }

    @Test
    void shouldNameEveryOptionOfTop() throws IOException {
        String text = read("docs/cli.md");
        for (OptionSpec option : TopCommand.commandLine().getCommandSpec().options()) {
            assertTrue(
                    option.usageHelp() || text.contains(option.longestName()),
                    option.longestName());
        }
    }

    @Test
    void shouldNameEveryTopicOfTheLog() throws IOException {
        String page = read("docs/logs.md");
        Set<String> topics = new TreeSet<>();
        try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
            for (Path source : sources.filter(file -> file.toString().endsWith(".java")).toList()) {
                var about =
                        Pattern.compile("about\\(\"([a-z-]+)\"\\)")
                                .matcher(Files.readString(source));
                while (about.find()) {
                    topics.add(about.group(1));
                }
            }
        }
        assertTrue(topics.size() > 20, topics.toString());
        topics.forEach(topic -> assertTrue(page.contains("`" + topic + "`"), topic));
    }

    /** Reads what a page shows between two marks, where {@code path} is this test's folder. */
    private ServeOptions shown(String document, String start, String end, String path)
            throws Exception {
        String page = read(document);
        int from = page.indexOf(start) + start.length();
        String here =
                page.substring(from, page.indexOf(end, from))
                        .replace(path, folder.toString())
                        .replaceAll(
                                "(blk-file = \")[^\"]*?([a-z0-9]+\\.img)", "$1" + folder + "/$2");
        return ServeParser.parse("page", ConfigFile.parse("page", here), false, new int[] {0, 1});
    }

    @Test
    void shouldShowAConfigurationThatIsRight() throws Exception {
        Files.createFile(folder.resolve("vm1.img"));

        ServeOptions options = shown("docs/serve.md", "```toml\n", "```", "/run/ringside");

        assertEquals(2, options.disks().size());
        assertEquals(1, options.nics().size());
    }

    @Test
    void shouldBeginWithAConfigurationThatIsRight() throws Exception {
        Files.createFile(folder.resolve("disk.img"));

        ServeOptions options = shown("docs/quick-start.md", "<<'END'\n", "\nEND\n", "/tmp");

        assertEquals(1, options.disks().size());
        assertEquals(1, options.nics().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/cli.md", "docs/attach.md", "docs/kubernetes.md"})
    void shouldNameNoOptionOfBlkThatIsNotThere(String document) throws IOException {
        Set<String> options =
                BlkSyntax.commandLine().getCommandSpec().options().stream()
                        .flatMap(option -> Stream.of(option.names()))
                        .collect(Collectors.toSet());
        var commands = Pattern.compile("ringside blk [^\n]*").matcher(read(document));
        while (commands.find()) {
            var used = Pattern.compile("--[a-z-]+").matcher(commands.group());
            while (used.find()) {
                assertTrue(options.contains(used.group()), used.group());
            }
        }
    }

    @Test
    void shouldNameEveryMetricAndLabelAndNoOther() throws Exception {
        String page = read("docs/metrics.md");
        var seen = new TreeSet<String>();

        serveAndVisit(seen, page);
        serveNicsAndVisit(seen, page);
        serveMetricsAndVisit(seen, page);
        var registry = new MetricsRegistry();
        try (var _ = new ControlClients(2, registry);
                var _ = LimitMetrics.ofGroup(registry, "g", new LimitGroup(BlkLimits.NONE))) {
            registry.visit(new Collecting(seen, page));
        }

        var named = new TreeSet<String>();
        var names = Pattern.compile("`(ringside_[a-z_]+)`").matcher(page);
        while (names.find()) {
            named.add(names.group(1));
        }
        named.remove("ringside_build_info");
        assertEquals(seen, named);
    }

    private void serveAndVisit(Set<String> seen, String page) throws Exception {
        var registry = new MetricsRegistry();
        var source = new SocketSource.Listen(folder.resolve("s"), 0600, null, null);
        try (var device =
                        BlkDevice.create(
                                BlkConfig.named("d"),
                                BlockBackends.open("null:size=1M", false),
                                registry);
                var engine = Engine.start(EngineConfig.of(1, IdleMode.ADAPTIVE), registry)) {
            engine.attach(device, source);
            registry.visit(new Collecting(seen, page));
            assertTrue(engine.shutdown(10_000));
        }
    }

    private static void serveMetricsAndVisit(Set<String> seen, String page) throws IOException {
        var registry = new MetricsRegistry();
        var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Health healthy =
                new Health() {
                    @Override
                    public List<String> failures() {
                        return List.of();
                    }

                    @Override
                    public @Nullable String notReady() {
                        return null;
                    }
                };
        try (var endpoint =
                PrometheusEndpoint.start(
                        HttpSettings.at(any), registry, "test", healthy, Map.of())) {
            assertTrue(endpoint.address().getPort() > 0);
            registry.visit(new Collecting(seen, page));
        }
    }

    /** A NIC on one port of each kind that counts, in a network namespace of this test's own. */
    private void serveNicsAndVisit(Set<String> seen, String page) throws Exception {
        var registry = new MetricsRegistry();
        var ports = new NetPorts(registry);
        var devices = new ArrayList<NetDevice>();
        try (NetNamespace _ = NetNamespace.enterNew()) {
            for (String port :
                    List.of("tap:tap0", "loopback", "switch:lan", "socket:/nobody/listens")) {
                NetConfig config = NetConfig.named("n" + devices.size());
                devices.add(NetDevice.create(config, ports.open(port, null), registry));
            }
            driveAndVisit(devices.get(2), registry, new Collecting(seen, page));
        } finally {
            devices.forEach(NetDevice::close);
            ports.close();
        }
    }

    /** A switch's port counts once a queue is started. */
    private void driveAndVisit(NetDevice device, MetricsRegistry registry, Collecting visitor)
            throws Exception {
        var source = new SocketSource.Listen(folder.resolve("n"), 0600, null, null);
        try (var engine = Engine.start(EngineConfig.of(1, IdleMode.ADAPTIVE), registry)) {
            engine.attach(device, source);
            try (TestNic nic = TestNic.connect(folder.resolve("n"), NetOptions.defaults())) {
                nic.send(TestNic.frame(2, 4, 60, 0));
                registry.visit(visitor);
            }
            assertTrue(engine.shutdown(10_000));
        }
    }

    private record Collecting(Set<String> seen, String page) implements MetricsRegistry.Visitor {
        @Override
        public void counter(MetricName name, Map<String, String> labels, long value) {
            check(name.metricName(), labels);
        }

        @Override
        public void histogram(
                MetricName name, Map<String, String> labels, LatencyHistogram.Snapshot snapshot) {
            check(name.metricName(), labels);
        }

        @Override
        public void gauge(String name, String help, Map<String, String> labels, long value) {
            check(name, labels);
        }

        private void check(String name, Map<String, String> labels) {
            seen.add(name);
            String row =
                    page.lines()
                            .filter(line -> line.startsWith("| `" + name + "`"))
                            .findFirst()
                            .orElseThrow(() -> new AssertionError("no row for " + name));
            labels.forEach(
                    (label, value) -> {
                        assertTrue(row.contains(label), name + " lacks the label " + label);
                        if (!NUMBERED.contains(label)) {
                            assertTrue(page.contains("`" + value + "`"), label + "=" + value);
                        }
                    });
        }
    }
}
