package dev.ringside.server.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.filter.Rate;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class NetParserTest {
    private static final int[] CPUS = {0, 1, 2, 3};

    @TempDir private Path folder = Path.of("/nonexistent");

    private NetOptions parse(String... arguments) throws OperatorException {
        return NetParser.parse(
                Syntax.parse(NetSyntax.commandLine(), "ringside net", List.of(arguments)), CPUS);
    }

    /** One NIC at {@code s} in the folder, with these options. */
    private NicOptions one(String... arguments) throws OperatorException {
        String[] all = Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = "--socket-path=" + folder + "/s";
        return parse(all).nics().getFirst();
    }

    /** Several NICs at sockets in the folder: each text lacks the folder's name. */
    private NetOptions several(String... texts) throws OperatorException {
        return parse(
                Arrays.stream(texts)
                        .map(text -> text.replace("@", folder + "/"))
                        .toArray(String[]::new));
    }

    private void assertRefused(List<String> arguments, String... words) {
        var e =
                assertThrows(
                        OperatorException.class,
                        () -> several(arguments.toArray(String[]::new)),
                        arguments.toString());
        for (String word : words) {
            assertTrue(
                    String.valueOf(e.getMessage()).contains(word.replace("@", folder + "/")),
                    "no '" + word + "' in: " + e.getMessage());
        }
    }

    @Test
    void shouldHaveTheDefaultsThatTheHelpPromises() throws OperatorException {
        NicOptions nic = one("--tap=tap0");

        assertEquals(new SocketSource.Listen(folder.resolve("s"), 0600, null, null), nic.source());
        assertEquals("s", nic.name());
        assertEquals("tap:tap0", nic.port());
        assertEquals(1, nic.queuePairs());
        assertEquals(1024, nic.queueSize());
        assertEquals(0, nic.mac());
        assertEquals(0, nic.mtu());
        assertEquals(Rate.UNLIMITED, nic.limitIn());
        assertEquals(Rate.UNLIMITED, nic.limitOut());
        assertNull(nic.capture());
    }

    @Test
    void shouldReadEveryOptionOfOneNic() throws OperatorException {
        NicOptions nic =
                one(
                        "--socket-mode=660",
                        "--port=switch:lan,vlan=7",
                        "--name=web",
                        "--queue-pairs=4",
                        "--queue-size=256",
                        "--mac=52:54:00:AB:cd:0f",
                        "--mtu=9000",
                        "--rate-limit-in=100M",
                        "--rate-limit-out=5kpps",
                        "--capture=/tmp/a.pcapng,snaplen=64");

        assertEquals(new SocketSource.Listen(folder.resolve("s"), 0660, null, null), nic.source());
        assertEquals("web", nic.name());
        assertEquals("switch:lan,vlan=7,port=web", nic.port());
        assertEquals(4, nic.queuePairs());
        assertEquals(256, nic.queueSize());
        assertEquals(0x525400abcd0fL, nic.mac());
        assertEquals(9000, nic.mtu());
        assertEquals(new Rate(100_000_000, 0, 0, 0), nic.limitIn());
        assertEquals(new Rate(0, 5000, 0, 0), nic.limitOut());
        assertEquals(new CaptureOptions(Path.of("/tmp/a.pcapng"), 64, true), nic.capture());
    }

    @Test
    void shouldReadThreadsAndMetricsAsBlkDoes() throws OperatorException {
        NetOptions options =
                several(
                        "--nic=@a.sock,tap=t",
                        "--cpu=1,3",
                        "--idle=busy-spin",
                        "--metrics-port=0",
                        "--metrics-address=::1");

        assertEquals(List.of(1, 3), options.server().threads().cpus());
        assertEquals(2, options.server().threads().shards());
        assertEquals(IdleMode.BUSY_SPIN, options.server().threads().idle());
        assertEquals(new MetricsAddress("::1", 0), options.server().metrics());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tap:t | tap:t,queues=4,mtu=9000",
                "macvtap:m0 | macvtap:m0,queues=4,mtu=9000",
                "tap:t,mtu=1500,queues=2 | tap:t,mtu=1500,queues=2",
                "tap:fd=3:4 | tap:fd=3:4",
                "switch:lan | switch:lan,port=s",
                "switch:l,port=x | switch:l,port=x",
                "null | null"
            })
    void shouldSuitThePortToTheNicWhereNothingElseIsSaid(String port, String opened)
            throws OperatorException {
        NicOptions nic = one("--port=" + port, "--queue-pairs=4", "--mtu=9000");

        assertEquals(opened, nic.port());
    }

    @Test
    void shouldLeaveThePortAsItIsWhenNothingIsSaidOfTheNic() throws OperatorException {
        assertEquals("tap:t", one("--tap=t").port());
        assertEquals("switch:lan,port=s", one("--switch=lan").port());
    }

    @Test
    void shouldTakeSeveralNics() throws OperatorException {
        List<NicOptions> nics =
                several(
                                "--nic=@a.sock,switch=lan,mac=52:54:00:00:00:01,queue-pairs=2",
                                "--nic=@b.sock,switch=lan,client,mtu=1400",
                                "--nic=@c.sock,port=null,socket-mode=0660,name=third")
                        .nics();

        assertEquals(List.of("a", "b", "third"), nics.stream().map(NicOptions::name).toList());
        assertEquals(2, nics.get(0).queuePairs());
        assertEquals(0x525400000001L, nics.get(0).mac());
        assertEquals(
                new SocketSource.Connect(folder.resolve("b.sock"), SocketOptions.RECONNECT_MS),
                nics.get(1).source());
        assertEquals(1400, nics.get(1).mtu());
        assertEquals(
                new SocketSource.Listen(folder.resolve("c.sock"), 0660, null, null),
                nics.get(2).source());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // A key that is none of the NIC's belongs to its port.
                "switch=lan,vlan=10,anti-spoof=on | switch:lan,vlan=10,anti-spoof=on,port=a",
                "vlan=10,mtu=1400,switch=lan,,port=x,isolated=on"
                        + " | switch:lan,port=x,vlan=10,isolated=on",
                "port=generator,size=64 | generator:size=64",
                // Doubled commas keep a value together, also keys that the NIC has too.
                "tap=t0,,mtu=9000,mtu=1400 | tap:t0,mtu=9000",
                "port=tap:t0,,mtu=9000,,persist=on | tap:t0,mtu=9000,persist=on",
                // The port's own grammar doubles commas as well.
                "port=socket:/a,,,,b.sock,,connect=on | socket:/a,,b.sock,connect=on",
                "port=socket:/s,x=1,,2 | socket:/s,x=1,,2",
                // An odd number: from the left, pairs are commas and the last one separates.
                "tap=t0,,,persist=on,up=off | tap:t0,,persist=on,up=off"
            })
    void shouldTellThePortsKeysFromTheNics(String text, String port) throws OperatorException {
        assertEquals(port, several("--nic=@a.sock," + text).nics().getFirst().port());
    }

    @Test
    void shouldKeepCommasOfOtherValues() throws OperatorException {
        NicOptions nic =
                several(
                                "--nic=@a,,b.sock,port=null,rate-limit-in=1M,,5pps,"
                                        + "capture=/c,,,,d,,start=off")
                        .nics()
                        .getFirst();

        assertEquals("a,b", nic.name());
        assertEquals(new Rate(1_000_000, 5, 0, 0), nic.limitIn());
        assertEquals(
                new CaptureOptions(Path.of("/c,d"), CapturePort.WHOLE_FRAMES, false),
                nic.capture());
    }

    @Test
    void shouldConnectASwitchWithItsUplinks() throws OperatorException {
        List<UplinkOptions> uplinks =
                several(
                                "--nic=@a.sock,switch=lan",
                                "--nic=@b.sock,switch=dmz",
                                "--uplink=tap:up0,persist=on,switch=lan,trunk=10+20",
                                "--uplink=packet:eth0,vlan=3,switch=dmz")
                        .uplinks();

        assertEquals(
                List.of(
                        new UplinkOptions("tap:up0,persist=on", "lan", ",trunk=10+20"),
                        new UplinkOptions("packet:eth0", "dmz", ",vlan=3")),
                uplinks);
    }

    @Test
    void shouldConnectTheOnlySwitchWhenNoneIsNamed() throws OperatorException {
        NetOptions options = several("--nic=@a.sock,switch=lan", "--uplink=tap:up0");

        assertEquals("lan", options.uplinks().getFirst().switchName());
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void shouldSayWhatIsWrongAndTheWayOut(List<String> arguments, List<String> words) {
        assertRefused(arguments, words.toArray(String[]::new));
    }

    static Stream<Arguments> wrong() {
        String socket = "--socket-path=@s";
        return Stream.of(
                wrong(List.of(socket), "plugged into nothing", "--tap=NAME", "--port=URI"),
                wrong(List.of("--tap=t"), "no socket", "--socket-path=PATH", "ringside net --help"),
                wrong(
                        List.of(socket, "--tap=a", "--switch=b"),
                        "--tap=a",
                        "--switch=b",
                        "give one"),
                wrong(List.of(socket, "--tap=a", "--port=null"), "--port=null", "give one"),
                wrong(List.of(socket, "--tap=t", "--queue-pairs=0"), "--queue-pairs=0", "1 to 128"),
                wrong(List.of(socket, "--tap=t", "--queue-pairs=129"), "1 to 128"),
                wrong(List.of(socket, "--tap=t", "--mtu=67"), "--mtu=67", "68 to 65535"),
                wrong(List.of(socket, "--tap=t", "--mtu=65536"), "68 to 65535"),
                wrong(
                        List.of(socket, "--tap=t", "--mac=52:54:0:0:0:1"),
                        "six bytes",
                        "for example"),
                wrong(List.of(socket, "--tap=t", "--mac=53:54:00:00:00:01"), "multicast"),
                wrong(List.of(socket, "--tap=t", "--mac=00:00:00:00:00:00"), "for example"),
                wrong(List.of(socket, "--tap=t", "--rate-limit-in=fast"), "--rate-limit-in=fast"),
                wrong(List.of(socket, "--tap=t", "--rate-limit-out=1Xbps"), "1Xbps", "100M"),
                wrong(List.of(socket, "--tap=t", "--capture=f,snaplen=1"), "snaplen=1", "14 to"),
                wrong(List.of(socket, "--tap=t", "--capture=f,start=no"), "start=no", "on, off"),
                wrong(List.of(socket, "--tap=t", "--capture=f,x"), "'x'", "start=off"),
                wrong(List.of(socket, "--tap=t", "--capture=,start=off"), "--capture", "empty"),
                wrong(List.of(socket, "--tap="), "--tap", "empty"),
                wrong(List.of("--nic=@a,tap=t", socket), "--socket-path", "each value of --nic"),
                wrong(List.of("--nic=@a,tap=t", "--mac=52:54:00:00:00:01"), "--mac", "--nic"),
                wrong(List.of("--nic=@a,tap=t,mtu=1"), "--nic=@a,tap=t,mtu=1: mtu=1", "68"),
                wrong(List.of("--nic=@a,tap=t,mtu="), "mtu", "empty"),
                wrong(List.of("--nic=@a,tap=t,mtu=900,mtu=901"), "mtu is given twice"),
                wrong(List.of("--nic=@a,tap=t,socket-path=/b"), "socket-path is given twice"),
                wrong(List.of("--nic=@a,tap=t,persist"), "'persist' is not KEY=VALUE", "twice"),
                wrong(List.of("--nic=@a,"), "'' is not KEY=VALUE"),
                wrong(List.of("--nic=,tap=t"), "the socket's path", "empty"),
                wrong(List.of("--nic=@a"), "tap=NAME, switch=NAME or port=URI"),
                wrong(List.of("--nic=@none/a,tap=t"), "not a directory", "mkdir"),
                wrong(List.of("--nic=fd=1000000,tap=t"), "fd=1000000", "is not open"),
                wrong(List.of("--nic=@a,tap=t,client,socket-mode=0600"), "socket-mode", "client"),
                wrong(List.of("--nic=@a.x,tap=t", "--nic=@a.y,tap=u"), "named a", "name=TEXT"),
                wrong(List.of("--nic=@a,tap=t", "--uplink=tap:u"), "no NIC is on a switch"),
                wrong(
                        List.of("--nic=@a,switch=x", "--nic=@b,switch=y", "--uplink=tap:u"),
                        "the switch is not said",
                        "there are x, y"),
                wrong(
                        List.of("--nic=@a,switch=x", "--uplink=tap:u,switch=z"),
                        "no NIC is on switch z",
                        "there are x"),
                wrong(
                        List.of("--nic=@a,switch=x", "--uplink=switch:y"),
                        "--uplink=switch:y",
                        "port of the host"),
                wrong(List.of("--nic=@a,switch=x", "--uplink="), "--uplink", "empty"));
    }

    private static Arguments wrong(List<String> arguments, String... words) {
        return Arguments.of(arguments, List.of(words));
    }
}
