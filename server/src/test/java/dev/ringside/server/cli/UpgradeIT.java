package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.control.ControlClient;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.upgrade.Successor;
import dev.ringside.server.upgrade.Wire;
import dev.ringside.shm.Fd;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BlockBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code ringside upgrade} under a verified load, and with each way in which it can fail. The long
 * run: {@code -Dringside.upgrades=100}.
 */
@Timeout(300)
final class UpgradeIT {
    private static final int UPGRADES = Integer.getInteger("ringside.upgrades", 4);
    private static final int DEPTH = 16;
    private static final int QUEUES = 4;
    private static final int LONG_MS = 20_000;
    private static final String DISK = "--backend=memory:size=16M";

    @TempDir private Path folder = Path.of("/nonexistent");
    private RingsideChild serving;
    private BlkDriver driver;
    private BlkLoad.Running load;

    private Path socket() {
        return folder.resolve("d.sock");
    }

    private Path control() {
        return folder.resolve("control");
    }

    private String controlOption() {
        return "--control-socket=" + control();
    }

    @BeforeEach
    void serveALoad() throws Exception {
        serving = serve(Map.of());
        startLoad();
    }

    private void startLoad() throws IOException {
        FrontendConnection connection = FrontendConnection.connect(socket());
        connection.timeoutMs(LONG_MS);
        driver =
                BlkDriver.start(
                        connection,
                        FrontendMemory.likePc(16 << 20),
                        BlkOptions.defaults().queues(QUEUES));
        load = new BlkLoad(driver, LoadOptions.verified(DEPTH)).start();
    }

    private RingsideChild serve(Map<String, String> environment) throws IOException {
        RingsideChild child =
                RingsideChild.start(
                        List.of(),
                        environment,
                        "blk",
                        "--socket-path=" + socket(),
                        DISK,
                        "--num-queues=" + QUEUES,
                        "--shards=2",
                        "--metrics-port=0",
                        controlOption());
        child.awaitReady();
        return child;
    }

    @AfterEach
    void end() throws Exception {
        load.load().stop();
        driver.close();
        serving.close();
    }

    private RingsideChild upgrade(String... options) throws IOException {
        return upgrade(Map.of(), options);
    }

    private RingsideChild upgrade(Map<String, String> environment, String... options)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of("upgrade", controlOption()));
        Collections.addAll(arguments, options);
        return RingsideChild.start(List.of(), environment, arguments.toArray(String[]::new));
    }

    private static Map<String, String> dyingAt(String step) {
        return Map.of("JDK_JAVA_OPTIONS", "-Dringside.upgrade.die=" + step);
    }

    private static Map<String, String> stayingAt(String step) {
        return Map.of("JDK_JAVA_OPTIONS", "-Dringside.upgrade.stay=" + step);
    }

    private void assertLoadGoesOn() throws IOException {
        long before = load.load().completed();
        long deadline = System.nanoTime() + LONG_MS * 1_000_000L;
        while (load.load().completed() <= before + QUEUES * DEPTH) {
            if (load.ended() || System.nanoTime() > deadline) {
                fail("the load does not go on: " + load.stopAndJoin().summary());
            }
            LockSupport.parkNanos(200_000);
        }
    }

    private void assertNothingLost() throws IOException {
        LoadResult result = load.stopAndJoin();
        assertTrue(result.clean(), result.summary());
    }

    private static double pauseMs(String ready) {
        String before = "which paused for ";
        int at = ready.indexOf(before) + before.length();
        return Double.parseDouble(ready.substring(at, ready.indexOf(" ms", at)));
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS) // as many upgrades as are asked for
    void shouldGoOnUnderLoadFromProcessToProcess() throws Exception {
        List<Double> pauses = new ArrayList<>();
        for (int i = 0; i < UPGRADES; i++) {
            RingsideChild next = upgrade();
            String ready = next.awaitReady();
            assertTrue(ready.startsWith("ringside: ready: took over from process "), ready);
            assertEquals(0, serving.awaitExit(), serving.lines().toString());
            String last = serving.lines().getLast();
            assertTrue(last.endsWith("has taken over"), last);
            serving = next;
            pauses.add(pauseMs(ready));
            assertLoadGoesOn();
            String metrics = RingsideChild.metrics(ready);
            assertTrue(metrics.contains("ringside_session_connected{device=\"d\"} 1"), metrics);
        }
        assertNothingLost();
        Collections.sort(pauses);
        System.out.printf(
                "upgrades %d, pause in ms: p50 %.1f, max %.1f%n",
                UPGRADES, pauses.get(pauses.size() / 2), pauses.getLast());
        serving.signal("TERM");
        assertEquals(0, serving.awaitExit());
        assertFalse(Files.exists(socket()), "the last process removes the sockets' files");
        assertFalse(Files.exists(control()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"new-begun", "new-paused", "new-ready"})
    void shouldGoOnWhenTheNewProcessDies(String step) throws Exception {
        try (RingsideChild next = upgrade(dyingAt(step))) {
            assertEquals(137, next.awaitExit(), next.lines().toString());
        }
        assertLoadGoesOn();
        try (RingsideChild another = upgrade()) {
            another.awaitReady();
            assertLoadGoesOn();
            assertNothingLost();
        }
    }

    @Test
    void shouldServeAllByItselfAfterTheNewProcessHasTaken() throws Exception {
        try (RingsideChild next = upgrade(dyingAt("new-taken"))) {
            assertEquals(137, next.awaitExit());
            // The queues were the new process's when it died: the old one must not touch them.
            assertEquals(0, serving.awaitExit(), serving.lines().toString());
        }
    }

    @Test
    void shouldRefuseWhatAnUpgradeCannotChange() throws Exception {
        try (RingsideChild next = upgrade("--num-queues=3")) {
            next.assertRefusesToStart("--num-queues=3", "has --num-queues=4", "leave it out");
        }
        try (RingsideChild next = upgrade("--serial=other")) {
            next.assertRefusesToStart("--serial=other", "has no --serial");
        }
        assertLoadGoesOn();
        assertNothingLost();
    }

    @Test
    void shouldChangeThreadsAsAsked() throws Exception {
        try (RingsideChild next = upgrade("--shards=1", "--spin-us=0", DISK)) {
            String ready = next.awaitReady();
            assertTrue(ready.contains("; 1 shard, adaptive"), ready);
            assertLoadGoesOn();
            assertNothingLost();
        }
    }

    @Test
    void shouldSayWhenNobodyIsThere() throws Exception {
        try (RingsideChild next =
                RingsideChild.start("upgrade", "--control-socket=" + folder.resolve("none"))) {
            next.assertRefusesToStart("nothing was changed", "ENOENT");
        }
        try (RingsideChild next = RingsideChild.start("upgrade")) {
            next.assertRefusesToStart("give --control-socket=PATH");
        }
    }

    @Test
    void shouldRefuseAnotherProtocolAndASecondUpgrade() throws Exception {
        try (ControlClient client = ControlClient.connect(control())) {
            RpcException e =
                    assertThrows(
                            RpcException.class,
                            () ->
                                    client.call(
                                            "upgrade.begin",
                                            Map.of("protocol", 99, "version", "9.9"),
                                            Wire.Offer.class,
                                            LONG_MS));
            assertTrue(
                    String.valueOf(e.getMessage())
                            .contains("hands over by protocol " + Wire.PROTOCOL),
                    e.getMessage());
        }
        Successor first = Successor.begin(control(), "test");
        IOException second =
                assertThrows(IOException.class, () -> Successor.begin(control(), "test"));
        assertTrue(String.valueOf(second.getMessage()).contains("is taking over already"));
        first.close();
        assertLoadGoesOn();
        assertNothingLost();
    }

    @Test
    void shouldGoOnWhenTheNewProcessIsTooSlow() throws Exception {
        try (Successor slow = Successor.begin(control(), "test")) {
            slow.pause(300);
            assertLoadGoesOn();

            assertFalse(slow.take(), "the old process has taken its queues back");
        }
        assertLoadGoesOn();
        assertNothingLost();
    }

    /** The old process serves again while the new one has everything that it takes to serve. */
    @Test
    void shouldTouchNothingWhenItIsReadyTooLate() throws Exception {
        try (RingsideChild late = upgrade(stayingAt("new-ready"), "--timeout=1")) {
            String told = late.await("ringside: error: ");
            assertTrue(told.contains("goes on: this took longer than 1000 ms"), told);
            assertEquals(ExitCode.CONFIG, late.awaitExit());
        }
        assertLoadGoesOn();
        assertNothingLost();
    }

    @Test
    void shouldEndInGoodOrderWhenToldToDuringThePause() throws Exception {
        try (Successor late = Successor.begin(control(), "test")) {
            late.pause(LONG_MS);
            serving.signal("TERM");
            assertEquals(0, serving.awaitExit(), serving.lines().toString());

            assertFalse(late.take());
        }
        assertFalse(Files.exists(socket()));
    }

    @Test
    void shouldTakeOverFromAProcessThatDiesInThePause() throws Exception {
        MetricsRegistry metrics = new MetricsRegistry();
        try (Successor successor = Successor.begin(control(), "test")) {
            Wire.State state = successor.pause(LONG_MS);
            serving.signal("KILL");
            assertEquals(137, serving.awaitExit());

            assertTrue(successor.take());
            Fd storage = successor.offer().resources().getFirst().fds().getFirst();
            try (BlkDevice disk =
                            BlkDevice.create(
                                    BlkConfig.named("d").withQueues(QUEUES),
                                    BlockBackends.open("memory:size=16M", false, storage),
                                    metrics);
                    Engine engine =
                            Engine.startFrozen(EngineConfig.of(2, IdleMode.ADAPTIVE), metrics)) {
                engine.attach(disk, new SocketSource.Inherited(0));
                engine.restore(state.endpoints());
                assertTrue(engine.thaw().get());

                assertLoadGoesOn();
                assertNothingLost();
                assertTrue(engine.shutdown(LONG_MS));
            }
        }
    }

    @Test
    void shouldSayWhenTheRunningProcessDies() throws Exception {
        end();
        serving = serve(dyingAt("old-offered"));
        startLoad();
        try (RingsideChild next = upgrade()) {
            assertEquals(ExitCode.CONFIG, next.awaitExit());
            String message = next.lines().getLast();
            assertTrue(message.contains("ended the connection"), message);
        }
        assertEquals(137, serving.awaitExit());
    }
}
