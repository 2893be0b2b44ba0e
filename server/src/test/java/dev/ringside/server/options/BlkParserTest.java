package dev.ringside.server.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SlowLimits;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.process.BlkReadyLine;
import dev.ringside.virtio.blk.ErrorPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BlkParserTest {
    private static final int[] CPUS = {0, 1, 2, 3};

    @TempDir private Path folder = Path.of("/nonexistent");

    private BlkOptions parse(String... arguments) throws OperatorException {
        return BlkParser.parse(
                Syntax.parse(BlkSyntax.commandLine(), "ringside blk", List.of(arguments)), CPUS);
    }

    private BlkOptions parseListening(String... arguments) throws OperatorException {
        List<String> all = new ArrayList<>(List.of("--socket-path", folder + "/s", "--blk-file"));
        all.add("/d.img");
        all.addAll(Arrays.asList(arguments));
        return parse(all.toArray(String[]::new));
    }

    @Test
    void shouldHaveTheDefaultsThatTheHelpPromises() throws OperatorException {
        BlkOptions options = parseListening();

        assertEquals(
                new SocketSource.Listen(folder.resolve("s"), 0600, null, null), options.source());
        assertEquals("file:/d.img", options.backend());
        assertEquals(16, options.queues());
        assertEquals(1024, options.queueSize());
        assertNull(options.serial());
        assertEquals(1, options.server().threads().shards());
        assertEquals(List.of(), options.server().threads().cpus());
        assertEquals(IdleMode.ADAPTIVE, options.server().threads().idle());
        assertNull(options.server().metrics());
    }

    @Test
    void shouldReadEveryOption() throws OperatorException {
        BlkOptions options =
                parse(
                        "--socket-path=" + folder + "/s",
                        "--socket-mode=660",
                        "--socket-owner=root:0",
                        "--backend=file:/x,direct=off",
                        "--block-size=4096",
                        "--physical-block-size=8192",
                        "--read-only",
                        "--num-queues=3",
                        "--queue-size=256",
                        "--serial=A 1",
                        "--cpu=1,3",
                        "--shards=2",
                        "--idle=busy-spin",
                        "--metrics-port=0",
                        "--metrics-address=::1");

        assertEquals(
                new SocketSource.Listen(folder.resolve("s"), 0660, "root", "0"), options.source());
        assertEquals(
                "file:/x,direct=off,block-size=4096,physical-block-size=8192", options.backend());
        assertTrue(options.readOnly());
        assertEquals(3, options.queues());
        assertEquals(256, options.queueSize());
        assertEquals("A 1", options.serial());
        assertEquals(2, options.server().threads().shards());
        assertEquals(List.of(1, 3), options.server().threads().cpus());
        assertEquals(IdleMode.BUSY_SPIN, options.server().threads().idle());
        assertEquals(new MetricsAddress("::1", 0), options.server().metrics());
    }

    @Test
    void shouldReadLimitsAndWhatBecomesOfErrors() throws OperatorException {
        assertTrue(parseListening().limits().isNone());
        assertEquals(ErrorPolicy.REPORT, parseListening().onError());
        BlkOptions options =
                parseListening("--iops=20k", "--bps-read=1M,burst=8M", "--on-error=hold");
        assertEquals("iops=20000 bps-read=1048576,burst=8388608", options.limits().text());
        assertEquals(ErrorPolicy.HOLD, options.onError());
        assertEquals(
                "--bps=5 is not bytes per second from 1K to 1T: write 100M, or 100M,burst=400M, or"
                        + " off",
                assertThrows(OperatorException.class, () -> parseListening("--bps=5"))
                        .getMessage());
        assertEquals(
                "--on-error=stop is not report (the guest gets the error), enospc (its requests"
                        + " wait while there is no space) or hold (they wait whatever the error"
                        + " is)",
                assertThrows(OperatorException.class, () -> parseListening("--on-error=stop"))
                        .getMessage());
    }

    /** What nobody sees from outside when it is forgotten: everything works, only not as asked. */
    @Test
    void shouldHandTheEngineWhatThreadsAndFrontEndsMayUse() throws OperatorException {
        EngineConfig engine =
                parseListening(
                                "--shards=2",
                                "--cpu=1,3",
                                "--queue-budget=7",
                                "--device-share-us=70",
                                "--spin-us=9",
                                "--memory-slots=8",
                                "--mapped-memory=3M",
                                "--message-rate=200",
                                "--descriptors=300",
                                "--slow-turn-ms=30",
                                "--slow-request-ms=40")
                        .server()
                        .engineConfig();

        assertEquals(2, engine.shards());
        assertEquals(List.of(1, 3), engine.cpus());
        assertEquals(7, engine.budget());
        assertEquals(70_000, engine.deviceShareNs());
        assertEquals(9_000, engine.maxSpinNs());
        assertEquals(8, engine.limits().maxRegions());
        assertEquals(3 << 20, engine.limits().maxMappedBytes());
        assertEquals(200, engine.limits().maxReadsPerSecond());
        assertEquals(300, engine.limits().maxDescriptors());
        assertEquals(new SlowLimits(30_000_000, 40_000_000), engine.slow());
    }

    @Test
    void shouldTakeTheLongestSpinOfAnAdaptiveShardOnly() throws OperatorException {
        assertEquals(50, parseListening().server().threads().spinUs());
        assertEquals(0, parseListening("--spin-us=0").server().threads().spinUs());
        assertThrows(
                OperatorException.class, () -> parseListening("--spin-us=5", "--idle=busy-spin"));
    }

    @Test
    void shouldUseAShardForEachProcessorNamed() throws OperatorException {
        assertEquals(3, parseListening("--cpu=0-2").server().threads().shards());
    }

    @Test
    void shouldConnectWhenItIsTheClient() throws OperatorException {
        assertEquals(
                new SocketSource.Connect(folder.resolve("s"), SocketOptions.RECONNECT_MS),
                parseListening("--client").source());
    }

    @Test
    void shouldDoubleCommasOfAPath() throws OperatorException {
        assertEquals(
                "file:/a,,b.img",
                parse("--socket-path=" + folder + "/s", "--blk-file=/a,b.img").backend());
    }

    @Test
    void shouldNameTheDeviceAsTheSocketIsNamed() {
        assertEquals(
                "vm1-disk",
                deviceName(
                        new SocketSource.Listen(Path.of("/run/vm1-disk.sock"), 0600, null, null)));
        assertEquals(".sock", deviceName(new SocketSource.Connect(Path.of("/r/.sock"), 1)));
        assertEquals("fd7", deviceName(new SocketSource.Inherited(7)));
        assertEquals("disk", deviceName(new SocketSource.Connect(Path.of("/"), 1)));
    }

    private static String deviceName(SocketSource source) {
        return SocketOptions.deviceName(source, "disk");
    }

    @Test
    void shouldNoteShardsThatHaveNoQueue() throws OperatorException {
        BlkOptions tooMany = parseListening("--shards=4", "--num-queues=2");
        BlkOptions enough = parseListening("--shards=2", "--num-queues=2");

        assertEquals(1, BlkReadyLine.notes(tooMany, "null, 1 GiB").size());
        assertEquals(List.of(), BlkReadyLine.notes(enough, "null, 1 GiB"));
    }

    @Test
    void shouldNoteThatAFileIsNotServedDirectly() throws OperatorException {
        List<String> notes =
                BlkReadyLine.notes(
                        parseListening(),
                        "file /x, 1 GiB, buffered by the page cache, because O_DIRECT does not"
                                + " work on it");

        assertEquals(1, notes.size());
        assertTrue(notes.getFirst().contains("page cache: O_DIRECT does not work on it"));
    }
}
