package dev.ringside.server.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Debian package, in a Debian that has no Java and none of our sources. */
@Timeout(600)
final class PackageIT {
    @TempDir private Path folder = Path.of("/nonexistent");

    @Test
    void shouldInstallServeAndBeRemovedWithoutATrace() throws Exception {
        Path built = Programs.make("package", folder);
        CleanRoot root = CleanRoot.make(folder.resolve("root"));
        Files.copy(built, root.path("tmp/ringside.deb"));
        Set<String> before = root.files();

        String unused = root.run("dpkg", "--install", "/tmp/ringside.deb");

        assertEquals("ringside 0.1.0\n", root.run("ringside", "version"));
        assertTrue(root.run("ringside", "--help").contains("ringside blk"));
        // With this option a JVM that cannot use its archive does not start.
        String archived = root.run("env", "RINGSIDE_JAVA_OPTS=-Xshare:on", "ringside", "version");
        assertEquals("ringside 0.1.0\n", archived);
        assertServes(root);
        assertFitsIn(root);
        unused = root.run("dpkg", "--verify", "ringside");
        unused = root.run("dpkg", "--purge", "ringside");
        Set<String> left = new TreeSet<>(root.files());
        left.removeAll(before);
        assertEquals(Set.of(), left);
        assertFalse(root.has("etc/ringside"));
    }

    private static void assertServes(CleanRoot root) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                root.command(
                                        "ringside",
                                        "blk",
                                        "--socket-path=/run/d.sock",
                                        "--backend=memory:size=16M",
                                        "--sandbox"))
                        .start();
        try (BufferedReader messages = process.errorReader()) {
            String ready = String.valueOf(messages.readLine());
            assertTrue(ready.startsWith("ringside: ready: "), ready);
            Programs.drive(root.path("run/d.sock")).close();
            assertSleeps(process.descendants().mapToLong(ProcessHandle::pid).max().orElseThrow());
            assertTrue(process.children().allMatch(ProcessHandle::destroy));
            String stopped = String.valueOf(messages.readLine());
            assertTrue(stopped.startsWith("ringside: stopped: SIGTERM"), stopped);
            assertEquals(0, process.waitFor());
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /**
     * ZGC's ticking thread may wake late, and need not wake the machine. Nobody else may: while the
     * VM thread waits for a safepoint all others stand.
     */
    private static void assertSleeps(long pid) throws IOException {
        Map<String, String> slackNs = new TreeMap<>();
        try (var threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                Path slack = Path.of("/proc/" + thread.getFileName() + "/timerslack_ns");
                slackNs.put(
                        Files.readString(thread.resolve("comm")).strip(),
                        Files.readString(slack).strip());
            }
        }
        assertEquals("50000000", slackNs.get("ZDirector"), slackNs.toString());
        assertEquals("50000", slackNs.get("VM Thread"), slackNs.toString());
        assertEquals("50000", slackNs.get("ringside-shard-"), slackNs.toString());
        slackNs.remove("ZDirector");
        assertEquals(Set.of("50000"), Set.copyOf(slackNs.values()), slackNs.toString());
    }

    /** Manual pages, completion, discovery and the unit name what the package has, where it is. */
    private static void assertFitsIn(CleanRoot root) throws IOException, InterruptedException {
        for (String page : List.of("ringside", "ringside-blk", "ringside-ctl-list")) {
            Path file = root.path("usr/share/man/man1/" + page + ".1.gz");
            try (var input = new GZIPInputStream(Files.newInputStream(file))) {
                assertTrue(new String(input.readAllBytes(), UTF_8).contains("\n.SH "), page);
            }
        }
        String unused = root.run("bash", "-n", "/usr/share/bash-completion/completions/ringside");
        for (String kind : List.of("blk", "net")) {
            String discovery =
                    Files.readString(
                            root.path("usr/share/qemu/vhost-user/50-ringside-" + kind + ".json"));
            assertTrue(discovery.contains("\"/usr/bin/ringside-" + kind + "\""), discovery);
            String can = root.run("ringside-" + kind, "--print-capabilities");
            assertTrue(can.contains("\"type\""), can);
        }
        String unit = Files.readString(root.path("usr/lib/systemd/system/ringside@.service"));
        assertTrue(unit.contains("\nExecStart=/usr/bin/ringside serve /etc/ringside/%i.toml\n"));
        assertTrue(root.has("usr/share/doc/ringside/docs/service.md"));
        for (String file : List.of(unit, Files.readString(root.path("usr/bin/ringside")))) {
            assertFalse(file.contains("/opt/"), file);
        }
    }
}
