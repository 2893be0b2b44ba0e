package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The unit as systemd runs it: hardened, restarted, reloaded, stopped. */
@Timeout(300)
final class SystemdIT {
    private static final int LONG_MS = 60_000;
    private static final String DISK =
            """
            [disk.NAME]
            socket-path = "/run/ringside-vm1/NAME.sock"
            backend = "memory:size=16M"
            """;

    @TempDir private Path folder = Path.of("/nonexistent");

    private static FrontendConnection connect(Systemd systemd, String name) throws IOException {
        Path socket = systemd.path("/run/ringside-vm1/" + name + ".sock");
        FrontendConnection connection = FrontendConnection.connect(socket, LONG_MS);
        connection.timeoutMs(LONG_MS);
        return connection;
    }

    private static BlkDriver drive(Systemd systemd, String name) throws IOException {
        return BlkDriver.start(
                connect(systemd, name), FrontendMemory.likePc(16 << 20), BlkOptions.defaults());
    }

    private static void assertServes(BlkDriver driver) throws IOException {
        LoadResult result = new BlkLoad(driver, LoadOptions.verified(16).requests(2_000)).run();
        assertTrue(result.clean(), result.summary());
    }

    private static void assertHardened(Systemd systemd) throws Exception {
        String pid = systemd.show("MainPID");
        String status = systemd.run("cat", "/proc/" + pid + "/status");
        assertTrue(status.contains("NoNewPrivs:\t1\n"), status);
        assertTrue(status.contains("Seccomp:\t2\n"), status);
        assertTrue(status.contains("CapEff:\t0000000000000000\n"), status);
        assertTrue(status.contains("CapBnd:\t0000000000000000\n"), status);
        assertFalse(status.contains("Uid:\t0\t"), status);
        String limits = systemd.run("cat", "/proc/" + pid + "/limits");
        assertTrue(limits.lines().anyMatch(line -> line.matches("Max core file size +0 +0 .*")));
    }

    @Test
    void shouldServeUnderSystemdAndBeRestartedReloadedAndStopped() throws Exception {
        try (Systemd systemd = Systemd.start(folder, DISK.replace("NAME", "d"))) {
            systemd.await("ActiveState", "active");
            assertEquals("running", systemd.show("SubState"));
            assertHardened(systemd);
            try (BlkDriver driver = drive(systemd, "d")) {
                assertServes(driver);

                Files.writeString(
                        systemd.path("/etc/ringside/vm1.toml"),
                        DISK.replace("NAME", "d") + DISK.replace("NAME", "more"));
                systemd.run("systemctl", "reload", "ringside@vm1.service");
                try (BlkDriver more = drive(systemd, "more")) {
                    assertServes(more);
                }
                assertServes(driver);

                String before = systemd.show("MainPID");
                systemd.run(
                        "systemctl",
                        "kill",
                        "--signal=KILL",
                        "--kill-whom=main",
                        "ringside@vm1.service");
                assertTrue(driver.protocol().connection().awaitHangup());
                systemd.await("NRestarts", "1");
                systemd.await("ActiveState", "active");
                assertNotEquals(before, systemd.show("MainPID"));
                driver.reconnect(connect(systemd, "d"), BaseConvention.USED_INDEX);
                assertServes(driver);
                assertHardened(systemd);
            }
            systemd.run("systemctl", "stop", "ringside@vm1.service");
            assertEquals("success", systemd.show("Result"));
            assertEquals("inactive", systemd.show("ActiveState"));
            assertTrue(systemd.log().contains("ringside: stopped: SIGTERM"), systemd.log());
            assertFalse(Files.exists(systemd.path("/run/ringside-vm1/d.sock")));
        }
    }

    /** A process that answers nothing is taken for dead; the next one goes on with its requests. */
    @Test
    void shouldBeStartedAgainWhenItNoLongerSaysThatItLives() throws Exception {
        String unit = "ringside@vm1.service";
        try (Systemd systemd =
                Systemd.start(folder, DISK.replace("NAME", "d"), unit, "WatchdogSec=8\n")) {
            systemd.await("ActiveState", "active");
            String started = systemd.show("WatchdogTimestampMonotonic");
            try (BlkDriver driver = drive(systemd, "d")) {
                assertServes(driver);
                while (systemd.show("WatchdogTimestampMonotonic").equals(started)) {
                    LockSupport.parkNanos(50_000_000);
                }
                assertEquals("0", systemd.show("NRestarts"));

                systemd.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", unit);

                systemd.await("NRestarts", "1");
                systemd.await("ActiveState", "active");
                driver.reconnect(connect(systemd, "d"), BaseConvention.USED_INDEX);
                assertServes(driver);
            }
        }
    }

    /** The socket is there before the service, and it stays when that ends. */
    @Test
    void shouldBeStartedByTheFirstFrontEndWhereSystemdHoldsTheSocket() throws Exception {
        String configuration = "[disk.d]\nfd = 3\nbackend = \"memory:size=16M\"\n";
        try (Systemd systemd = Systemd.start(folder, configuration, "ringside@vm1.socket", "")) {
            Path socket = systemd.path("/run/ringside-vm1.sock");
            while (!Files.exists(socket)) {
                LockSupport.parkNanos(50_000_000);
            }
            systemd.await("ActiveState", "inactive");
            for (int round = 0; round < 2; round++) {
                FrontendConnection connection = FrontendConnection.connect(socket, LONG_MS);
                connection.timeoutMs(LONG_MS);
                try (BlkDriver driver =
                        BlkDriver.start(
                                connection,
                                FrontendMemory.likePc(16 << 20),
                                BlkOptions.defaults())) {
                    assertServes(driver);
                    systemd.run("systemctl", "stop", "ringside@vm1.service");
                }
                systemd.await("ActiveState", "inactive");
                assertTrue(Files.exists(socket));
            }
        }
    }

    /** Without a try: nothing gets better by another one. */
    @Test
    void shouldNotBeStartedAgainWhenTheConfigurationIsWrong() throws Exception {
        try (Systemd systemd = Systemd.start(folder, "[disk.d]\nnonsense = 1\n")) {
            systemd.await("ActiveState", "failed");
            assertEquals("0", systemd.show("NRestarts"));
            assertTrue(systemd.log().contains("has no key 'nonsense'"), systemd.log());
        }
    }
}
