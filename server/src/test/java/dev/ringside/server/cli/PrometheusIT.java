package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alerts in packaging, with a real Prometheus and a real load. */
@Timeout(300)
final class PrometheusIT {
    private static final int MIB = 1 << 20;
    private static final int SLOTS = 4;
    private static final int SHOWN_S = 60;
    private static final Path PACKAGING = Path.of("../packaging");
    private static final Path RULES = PACKAGING.resolve("prometheus/ringside.rules.yml");
    private static final Path RULE_TESTS = PACKAGING.resolve("prometheus/ringside.rules.test.yml");

    @TempDir private Path folder = Path.of("/nonexistent");
    private Path config = Path.of("/nonexistent");

    /** A query of the dashboard, as Grafana would ask it of all devices. */
    private record Panel(String title, String expression, String legend) {}

    private static List<Panel> panels() throws IOException {
        JsonNode dashboard =
                new ObjectMapper().readTree(PACKAGING.resolve("grafana/ringside.json").toFile());
        List<Panel> panels = new ArrayList<>();
        for (JsonNode panel : dashboard.get("panels")) {
            for (JsonNode target : panel.path("targets")) {
                panels.add(
                        new Panel(
                                panel.get("title").asText(),
                                target.get("expr")
                                        .asText()
                                        .replace("$__rate_interval", "5s")
                                        .replace("$instance", ".*")
                                        .replace("$device", ".*"),
                                target.get("legendFormat").asText()));
            }
        }
        return panels;
    }

    /** The same alerts, in a hurry: on what was seen in the last seconds, and at once. */
    private Path hastyRules() throws IOException {
        String rules = Files.readString(RULES);
        return Files.writeString(
                folder.resolve("rules.yml"),
                rules.replaceAll("for: [0-9]+m", "for: 0s").replaceAll("\\[[0-9]+[mh]]", "[20s]"));
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @BeforeEach
    void writeConfiguration() throws IOException {
        config = folder.resolve("ringside.toml");
        Files.writeString(
                config,
                """
                [server]
                metrics-port = 0
                shards = 2
                memory-slots = 4
                [disk.busy]
                socket-path = "%1$s/busy.sock"
                backend = "memory:size=64M"
                num-queues = 2
                [disk.sick]
                socket-path = "%1$s/sick.sock"
                blk-file = "%1$s/sick.img"
                num-queues = 2
                [nic.echo]
                socket-path = "%1$s/echo.sock"
                port = "loopback"
                [nic.lan]
                socket-path = "%1$s/lan.sock"
                switch = "lan"
                """
                        .formatted(folder));
        Files.write(folder.resolve("sick.img"), new byte[MIB]);
    }

    private FrontendConnection socket(String name) throws IOException {
        return FrontendConnection.connect(folder.resolve(name + ".sock"));
    }

    private BlkDriver disk(String name) throws IOException {
        return BlkDriver.start(
                socket(name), FrontendMemory.likePc(32 * MIB), BlkOptions.defaults().queues(2));
    }

    @Test
    void shouldHaveAlertsThatPromtoolAccepts() throws Exception {
        run("promtool", "check", "rules", RULES.toString());
        run("promtool", "test", "rules", RULE_TESTS.toString());
        String tests = Files.readString(RULE_TESTS);
        Set<String> alerts = new TreeSet<>();
        var names = Pattern.compile("alert: ([A-Za-z]+)").matcher(Files.readString(RULES));
        while (names.find()) {
            alerts.add(names.group(1));
        }
        String page = Files.readString(Path.of("../docs/monitoring.md"));
        for (String alert : alerts) {
            assertTrue(tests.contains("alertname: " + alert), "no test of " + alert);
            assertTrue(page.contains("| `" + alert + "` |"), "no row for " + alert);
        }
    }

    @Test
    void shouldGiveDataForEveryPanelAndFireAlertsWhenSomethingIsWrong() throws Exception {
        RingsideChild child = RingsideChild.start("serve", config.toString());
        String ready = child.awaitReady();
        String target = ready.replaceAll(".*http://([^/]+)/.*", "$1");
        try (child;
                Prometheus prometheus = Prometheus.start(folder, target, hastyRules());
                BlkDriver busy = disk("busy");
                NetDriver echo =
                        NetDriver.start(
                                socket("echo"),
                                FrontendMemory.likePc(32 * MIB),
                                NetOptions.defaults());
                TestNic lan = TestNic.connect(folder.resolve("lan.sock"), NetOptions.defaults())) {
            BlkLoad.Running disk = new BlkLoad(busy, LoadOptions.verified(8)).start();
            NetLoad.Running nic =
                    new NetLoad(echo, NetLoadOptions.loop(1500, 16).polled(false)).start();
            lan.send(TestNic.frame(2, 4, 60, 0));
            for (Panel panel : panels()) {
                prometheus.awaitData(panel.expression());
            }
            String pictures = System.getProperty("ringside.pictures");
            if (pictures != null) {
                draw(prometheus, Path.of(pictures).resolve("dashboard.png"));
            }

            assertEquals(List.of(), wrong(prometheus));
            try (BlkDriver sick = disk("sick")) {
                breakThings(sick);
                assertLabels(prometheus.awaitAlert("RingsideQueueBroken"), "sick", "1");
                assertLabels(prometheus.awaitAlert("RingsideStorageErrors"), "sick", null);
                assertLabels(prometheus.awaitAlert("RingsideFrontEndRefused"), "sick", null);
            }
            for (int i = 0; i < 12; i++) {
                try (BlkDriver again = disk("sick")) {
                    assertEquals(2, again.queues().size());
                }
            }
            assertLabels(prometheus.awaitAlert("RingsideFrontEndFlaps"), "sick", null);

            assertEquals(0, disk.stopAndJoin().mismatches());
            assertFalse(nic.ended());
            nic.load().abandon();
            child.signal("KILL");
            prometheus.awaitAlert("RingsideDown");
        }
    }

    private void breakThings(BlkDriver driver) throws IOException {
        try (FileChannel image =
                FileChannel.open(folder.resolve("sick.img"), StandardOpenOption.WRITE)) {
            image.truncate(0);
        }
        assertEquals(BlkSpec.S_IOERR, new BlkIo(driver, 0, 4096).read(0, new byte[512]));
        boolean before = driver.protocol().needReply(true);
        for (int i = driver.memory().regions().size(); i < SLOTS; i++) {
            driver.addMemory(FrontendRegion.create((1L << 36) + 2L * i * MIB, MIB));
        }
        try (FrontendRegion more = FrontendRegion.create(1L << 40, MIB)) {
            assertThrows(NegativeReplyException.class, () -> driver.protocol().addMemory(more));
        }
        boolean unused = driver.protocol().needReply(before);
        driver.queue(1).ring().availableIndex(0x8000);
        driver.queue(1).kick();
    }

    /** Alerts that fire though nothing is wrong. Stalls are the busy test machine's. */
    private static List<String> wrong(Prometheus prometheus) throws IOException {
        return prometheus.firing().stream()
                .map(alert -> alert.get("labels").get("alertname").asText())
                .filter(name -> !name.equals("RingsideShardStalls"))
                .filter(name -> !name.equals("RingsideShardSaturated"))
                .toList();
    }

    private static void assertLabels(JsonNode alert, String device, @Nullable String queue) {
        assertEquals(device, alert.get("labels").get("device").asText(), alert.toString());
        if (queue != null) {
            assertEquals(queue, alert.get("labels").get("queue").asText(), alert.toString());
        }
    }

    /** Plots what every panel showed in the last minute, as Grafana would. */
    private void draw(Prometheus prometheus, Path picture) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ArrayNode all = mapper.createArrayNode();
        prometheus.awaitData("process_start_time_seconds offset " + SHOWN_S + "s");
        for (Panel panel : panels()) {
            ObjectNode shown = all.addObject();
            shown.put("title", panel.title());
            shown.put("legend", panel.legend());
            shown.set("series", prometheus.range(panel.expression(), SHOWN_S));
        }
        Path page = folder.resolve("plots.html");
        try (InputStream template =
                Objects.requireNonNull(PrometheusIT.class.getResourceAsStream("plots.html"))) {
            String html = new String(template.readAllBytes(), UTF_8);
            Files.writeString(page, html.replace("[/* DATA */]", mapper.writeValueAsString(all)));
        }
        Path profile = Files.createDirectory(folder.resolve("browser"));
        try (Browser browser = Browser.start(profile)) {
            browser.open(page.toUri().toString());
            browser.picture(picture);
        }
    }
}
