package dev.ringside.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.ControlOptions;
import dev.ringside.server.options.NicOptions;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeOptions;
import dev.ringside.server.options.ServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations: what they mean, and what wrong ones are told. */
final class ServeParserTest {
    private static final int[] CPUS = {0, 1, 2, 3};

    private static final String WHOLE =
            """
            # A disk, two NICs and a way out.
            [server]
            shards = 2
            idle = "busy-spin"
            metrics-port = 0
            control-socket = "@control.sock"

            [disk.root]
            socket-path = "@root.sock"
            blk-file = "@root.img"
            read-only = true
            num-queues = 4

            [disk."data.2"]
            socket-path = "@data.sock"
            backend = "memory:size=16M"
            read-only = false

            [nic.web]
            socket-path = "@web.sock"
            switch = "lan"
            queue-pairs = 2
            rate-limit-in = "100M"

            [nic.db]
            socket-path = "@db.sock"
            switch = "lan,vlan=7"

            [uplink.out]
            port = "null"
            vlan = 7
            """;

    @TempDir private Path folder = Path.of("/nonexistent");

    private List<ConfigTable> read(String text) throws OperatorException {
        return ConfigFile.parse("rs.toml", text.replace("@", folder + "/"));
    }

    private ServeOptions parse(String text) throws OperatorException {
        return ServeParser.parse("rs.toml", read(text), false, CPUS);
    }

    private void makeImage() throws IOException {
        Files.createFile(folder.resolve("root.img"));
    }

    @Test
    void shouldReadLimitsAndTheGroupThatSharesThem() throws Exception {
        ServeOptions options =
                parse(
                        """
                        [disk.a]
                        socket-path = "@a"
                        backend = "null:size=1M"
                        iops = 500
                        limit-group = "tenant"

                        [limit-group.tenant]
                        bps-write = "100M,burst=1G"
                        """);

        BlkOptions disk = options.disks().getFirst();
        assertEquals("iops=500", disk.limits().text());
        assertEquals("tenant", disk.limitGroup());
        assertEquals(
                "bps-write=104857600,burst=1073741824",
                options.limitGroups().getFirst().limits().text());
        assertEquals(options.limitGroups().getFirst(), options.parts().findFirst().orElseThrow());
    }

    @Test
    void shouldReadWholeConfiguration() throws Exception {
        makeImage();

        ServeOptions options = parse(WHOLE);

        assertEquals(2, options.server().threads().shards());
        assertEquals(IdleMode.BUSY_SPIN, options.server().threads().idle());
        assertEquals(
                new ControlOptions(
                        folder.resolve("control.sock"), null, ControlOptions.DEFAULT_CLIENTS),
                options.server().control());
        BlkOptions root = options.disks().getFirst();
        assertEquals("root", root.name());
        assertEquals("file:" + folder + "/root.img", root.backend());
        assertTrue(root.readOnly());
        assertEquals(4, root.queues());
        BlkOptions data = options.disks().getLast();
        assertEquals("data.2", data.name());
        assertEquals(false, data.readOnly());
        assertEquals(List.of("web", "db"), options.nics().stream().map(NicOptions::name).toList());
        assertEquals(2, options.nics().getFirst().queuePairs());
        SocketSource.Listen web = (SocketSource.Listen) options.nics().getFirst().source();
        assertEquals(folder.resolve("web.sock"), web.path());
        assertEquals("lan", options.uplinks().getFirst().switchName());
        assertEquals(",vlan=7", options.uplinks().getFirst().membership());
    }

    @Test
    void shouldNeedNoServerTable() throws Exception {
        ServeOptions options =
                parse("[disk.a]\nsocket-path = \"@a.sock\"\nbackend = \"null:size=1M\"\n");

        assertEquals(ServerOptions.defaults(), options.server());
    }

    @Test
    void shouldMeanTheSameAfterItWasWritten() throws Exception {
        makeImage();
        ServeOptions options = parse(WHOLE);

        String written = ConfigFile.write(read(WHOLE));
        String effective = ConfigFile.write(ConfigDefaults.fill(read(WHOLE)));

        assertEquals(options, parse(written));
        assertEquals(options, parse(effective));
        assertEquals(written, ConfigFile.write(ConfigFile.parse("again", written)));
    }

    @Test
    void shouldWriteDefaultsThatHold() throws Exception {
        String text = "[disk.a]\nsocket-path = \"@a.sock\"\nbackend = \"null:size=1M\"\n";

        String effective = ConfigFile.write(ConfigDefaults.fill(read(text)));

        assertEquals(
                """
                [server]
                shards = "1"
                idle = "adaptive"
                spin-us = "50"
                queue-budget = "64"
                device-share-us = "50"
                log-format = "text"
                log-level = "info"
                slow-turn-ms = "10"
                slow-request-ms = "100"

                [disk.a]
                socket-path = "@a.sock"
                backend = "null:size=1M"
                socket-mode = "0600"
                queue-size = "1024"
                num-queues = "16"
                on-error = "report"
                """
                        .replace("@", folder + "/"),
                effective);
        assertEquals(parse(text), parse(effective));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[disk.a]\\nsocket = \"@s\"|rs.toml:2: [disk.a] has no key 'socket'|socket-path,",
                "[disks.a]|rs.toml:1: 'disks' is no table|[disk.NAME]",
                "[disk]\\nblk-file = \"x\"|rs.toml:2: [disk] has no keys of its own|[disk.NAME]",
                "[disk.\"a b\"]|rs.toml:1: 'a b' is not a name|letters",
                "[disk.a|rs.toml:1: |TOML 1.0",
                "[disk.a]\\nread-only = 1|rs.toml:2: read-only is not true or false|",
                "[disk.a]\\nnum-queues = 1.5|rs.toml:2: num-queues is neither|number",
                "[disk.a]\\nserial = [\"x\"]|rs.toml:2: serial is neither|text",
                "[limit-group.g]\\niops = \"1.5\"|rs.toml:1: [limit-group.g]: iops=1.5|20k",
                "[limit-group.g]\\nserial = 1|rs.toml:2: [limit-group.g] has no key|bps-write",
                "[disk.a]\\nsocket-path = \"@s\"\\nbackend = \"null:size=1M\"\\nlimit-group = \"g\""
                        + "|rs.toml:1: [disk.a]: limit-group=g|add that table",
                "[disk.a]\\nserial = \"\"|rs.toml:2: serial is empty|",
                "[disk.a]\\nsocket-path = \"@s\"|rs.toml:1: [disk.a]: there is no disk|blk-file=",
                "[nic.a]\\nsocket-path = \"@s\"|rs.toml:1: [nic.a]: the NIC is plugged|tap=NAME",
                "[server]\\nshards = 0|rs.toml:1: [server]: shards=0 is not a number from 1|",
                "[server]\\nshards = 1|rs.toml: there is nothing to serve|[nic.NAME]",
                "name = \"x\"|rs.toml:1: 'name' is no table|[server]",
                "[uplink.u]\\nvlan = 3|rs.toml:1: [uplink.u]: there is no port|port=URI",
            })
    void shouldRefuse(String text, String message, String way) {
        String whole = text.replace("\\n", "\n");

        var e = assertThrows(OperatorException.class, () -> parse(whole));

        String said = String.valueOf(e.getMessage());
        assertTrue(said.startsWith(message), said);
        assertTrue(way == null || said.contains(way), said);
    }

    @Test
    void shouldRefuseImageThatIsNotThere() {
        var e = assertThrows(OperatorException.class, () -> parse(WHOLE));

        assertEquals(
                "rs.toml:8: [disk.root]: @root.img does not exist: make it first (truncate -s 10G"
                                .replace("@", folder + "/")
                        + " "
                        + folder
                        + "/root.img)",
                e.getMessage());
    }

    @Test
    void shouldRefuseTwoDevicesAtOneSocket() {
        String text =
                """
                [disk.a]
                socket-path = "@s"
                backend = "null:size=1M"
                [nic.b]
                socket-path = "@./s"
                port = "null"
                """;

        var e = assertThrows(OperatorException.class, () -> parse(text));

        assertEquals(
                "rs.toml:4: [nic.b]: has the same socket as [disk.a]: give each a socket of its"
                        + " own",
                e.getMessage());
    }

    @Test
    void shouldRefuseTwoDevicesOfOneName() {
        String text =
                """
                [disk.a]
                socket-path = "@s"
                backend = "null:size=1M"
                [nic.a]
                socket-path = "@t"
                port = "null"
                """;

        var e = assertThrows(OperatorException.class, () -> parse(text));

        assertTrue(String.valueOf(e.getMessage()).contains("is named like [disk.a]"));
    }

    @Test
    void shouldNameEveryTableWhenOneIsUnknown() {
        var e = assertThrows(OperatorException.class, () -> read("[limits.all]\niops = 5\n"));

        for (ConfigKind kind : ConfigKind.values()) {
            assertTrue(String.valueOf(e.getMessage()).contains("[" + kind.word()), e.toString());
        }
    }
}
