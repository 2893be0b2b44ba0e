package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.server.component.TestServer.Nic;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rings stopped and memory changed while frames go round: none is lost, doubled or altered. */
class NetChangeIT {
    private static final int TIMES = 20;
    private static final int ENOUGH = 200;

    private TestServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = TestServer.start(2);
    }

    @AfterEach
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private static void awaitMore(final NetLoad.Running running) throws Exception {
        final long before = running.load().completed();
        Await.until(
                "frames go on",
                () -> running.ended() || running.load().completed() > before + ENOUGH);
    }

    private static void assertClean(final NetLoad.Running running) throws IOException {
        final NetLoadResult result = running.stopAndJoin();
        assertTrue(result.clean(), result.summary());
    }

    // The transmitq first: what it gave to a receiveq that stands still would be lost.
    private static void stopRings(final NetDriver driver) throws IOException {
        for (int i = driver.queues().size() - 1; i >= 0; i--) {
            driver.base(driver.queue(i), driver.protocol().getVringBase(i));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldGoOnWhereRingsWereStopped(final boolean polled) throws Exception {
        final Nic nic = server.nic("loopback", config -> config.withQueuePairs(2));
        try (NetDriver driver = nic.start(NetOptions.defaults().pairs(2))) {
            final NetLoad.Running running =
                    new NetLoad(driver, NetLoadOptions.verified(300, 32).polled(polled)).start();
            for (int i = 0; i < TIMES; i++) {
                awaitMore(running);
                stopRings(driver);
                driver.activate();
            }
            awaitMore(running);
            assertClean(running);
        }
    }

    @Test
    void shouldStartFromNothingAfterReset() throws Exception {
        try (NetDriver driver = server.nic("loopback").start(NetOptions.defaults())) {
            for (int i = 0; i < TIMES; i++) {
                final NetLoadResult result =
                        new NetLoad(driver, NetLoadOptions.verified(300, 32).frames(500)).run();
                assertTrue(result.clean(), result.summary());
                assertEquals(500, result.received());
                driver.restart();
            }
        }
    }

    @Test
    void shouldGoOnWhileMemoryComesAndGoes() throws Exception {
        try (NetDriver driver = server.nic("loopback").start(NetOptions.defaults())) {
            changeMemory(driver);
        }
    }

    @Test
    void shouldGoOnWhileMemoryTableChanges() throws Exception {
        final NetOptions options = NetOptions.defaults().memorySlots(false);
        try (NetDriver driver = server.nic("loopback").start(options)) {
            changeMemory(driver);
        }
    }

    private static void changeMemory(final NetDriver driver) throws Exception {
        final NetLoad.Running running =
                new NetLoad(driver, NetLoadOptions.verified(300, 32)).start();
        for (int i = 0; i < TIMES; i++) {
            final FrontendRegion region = FrontendRegion.create(1L << 36, 64 << 10);
            driver.addMemory(region);
            awaitMore(running);
            driver.removeMemory(region);
            awaitMore(running);
        }
        assertClean(running);
    }

    @ParameterizedTest
    @EnumSource(BaseConvention.class)
    void shouldGoOnAfterReconnecting(final BaseConvention convention) throws Exception {
        final Nic nic = server.nic("loopback");
        try (NetDriver driver = nic.start(NetOptions.defaults())) {
            for (int i = 0; i < TIMES; i++) {
                final NetLoadResult result =
                        new NetLoad(driver, NetLoadOptions.verified(300, 32).frames(300)).run();
                assertTrue(result.clean(), result.summary());
                driver.resetQueues();
                driver.reconnect(nic.connect(), convention);
            }
        }
    }
}
