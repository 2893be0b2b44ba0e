package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A systemd that manages one unit and nothing else: process 1 of namespaces of its own, on this
 * host's files, of which it can change none but those in /run, /etc, /opt and /var that are its
 * own. It ends with all that it has started.
 */
final class Systemd implements AutoCloseable {
    private static final long LIMIT_NS = 120_000_000_000L;
    private static final Path UNITS = Path.of("../packaging/systemd");

    /** $1 is a folder of the test's, $2 the one that is /opt/ringside, $3 the unit. */
    private static final String SCRIPT =
            """
            set -e
            mount --make-rprivate /
            mkdir "$1/source" "$1/layers"
            mount --bind "$2" "$1/source"
            mount -t proc proc /proc
            mount -t tmpfs tmpfs "$1/layers"
            for folder in etc opt var; do
                mkdir "$1/layers/$folder" "$1/layers/$folder.work"
                mount -t overlay -o "lowerdir=/$folder,upperdir=$1/layers/$folder" \
                    -o "workdir=$1/layers/$folder.work" overlay "/$folder"
            done
            mkdir -p /opt/ringside /etc/ringside
            mount --bind "$1/source" /opt/ringside
            cp "$1/config.toml" /etc/ringside/vm1.toml
            mount -t tmpfs tmpfs /run
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
            exec env -i container=test SYSTEMD_UNIT_PATH="$1/units" \
                PATH=/usr/sbin:/usr/bin:/sbin:/bin \
                /lib/systemd/systemd --system --unit="$3" --show-status=no
            """;

    private static final String SERVICE = "ringside@vm1.service";

    private final Process unshare;
    private final long pid;

    private Systemd(Process unshare) throws IOException {
        this.unshare = unshare;
        pid = child(unshare);
    }

    /** Starts it, with a configuration for the service's instance vm1. */
    static Systemd start(Path folder, String configuration) throws IOException {
        return start(folder, configuration, SERVICE, "");
    }

    /**
     * Starts it.
     *
     * @param configuration for the service's instance vm1
     * @param unit that it starts
     * @param more lines of a drop-in of the service
     */
    static Systemd start(Path folder, String configuration, String unit, String more)
            throws IOException {
        Path units = Files.createDirectories(folder.resolve("units"));
        for (String file : List.of("ringside@.service", "ringside@.socket")) {
            Files.copy(UNITS.resolve(file), units.resolve(file));
        }
        Path system = Path.of("/usr/lib/systemd/system");
        try (var targets = Files.newDirectoryStream(system, "*.target")) {
            for (Path target : targets) {
                Files.copy(target, units.resolve(target.getFileName().toString()));
            }
        }
        // There is no journal here.
        Path dropIns = Files.createDirectories(units.resolve("ringside@.service.d"));
        Files.writeString(
                dropIns.resolve("test.conf"),
                "[Service]\nStandardError=append:/run/ringside.log\n" + more);
        Files.writeString(folder.resolve("config.toml"), configuration);
        Process process =
                new ProcessBuilder(
                                "unshare",
                                "--pid",
                                "--fork",
                                "--kill-child",
                                "--mount",
                                "--uts",
                                "--ipc",
                                "--cgroup",
                                "sh",
                                "-c",
                                SCRIPT,
                                "sh",
                                folder.toString(),
                                Path.of("..").toRealPath().toString(),
                                unit)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("systemd.log").toFile())
                        .start();
        return new Systemd(process);
    }

    private static long child(Process parent) throws IOException {
        long deadline = System.nanoTime() + LIMIT_NS;
        while (parent.children().findAny().isEmpty()) {
            if (!parent.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("unshare did not start anything");
            }
            LockSupport.parkNanos(1_000_000);
        }
        return parent.children().findAny().orElseThrow().pid();
    }

    /** A file as it sees it. */
    Path path(String path) {
        return Path.of("/proc/" + pid + "/root" + path);
    }

    /** Runs a command where it is; its output. */
    String run(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("nsenter", "--all", "-t", "" + pid));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertEquals(0, process.waitFor(), output + "\n" + log());
        return output;
    }

    /** What it knows of the service. */
    String show(String property) throws IOException, InterruptedException {
        return run("systemctl", "show", "--value", "--property=" + property, SERVICE);
    }

    /** Waits until a property of the service is so. */
    void await(String property, String value) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LIMIT_NS;
        String now = "";
        while (!now.equals(value)) {
            if (!unshare.isAlive() || System.nanoTime() > deadline) {
                fail(property + " is " + now + ", not " + value + "\n" + log());
            }
            LockSupport.parkNanos(50_000_000);
            now = Files.exists(path("/run/systemd/private")) ? show(property) : "";
        }
    }

    /** What the service wrote to stderr. */
    String log() throws IOException {
        Path log = path("/run/ringside.log");
        return Files.exists(log) ? Files.readString(log) : "";
    }

    @Override
    public void close() throws IOException {
        unshare.destroyForcibly();
        try {
            unshare.waitFor(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
