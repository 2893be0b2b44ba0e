package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Syntax;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What ends before anything is served. */
final class CliTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Cli cli =
            new Cli(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));

    @TempDir private Path folder = Path.of("/nonexistent");

    private int run(String... arguments) {
        return cli.run(List.of(arguments));
    }

    /** Runs blk with a valid socket and disk, and these besides. */
    private int runBlk(String... arguments) {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                "blk",
                                "--socket-path=" + folder.resolve("s"),
                                "--backend=null:size=1G"));
        all.addAll(Arrays.asList(arguments));
        return cli.run(all);
    }

    private void assertRefused(int status, String... words) {
        String message = err.toString(UTF_8);
        assertEquals(ExitCode.CONFIG, status, message);
        assertEquals("", out.toString(UTF_8));
        assertTrue(message.startsWith("ringside: error: "), message);
        assertEquals(1, message.lines().count(), message);
        for (String word : words) {
            assertTrue(message.contains(word), "no '" + word + "' in: " + message);
        }
        assertFalse(Files.exists(folder.resolve("s")), "the socket file was left behind");
    }

    @ParameterizedTest
    @ValueSource(strings = {"version", "--version", "-V"})
    void shouldPrintTheVersion(String command) {
        assertEquals(0, run(command));
        assertTrue(out.toString(UTF_8).matches("ringside \\S+\n"), out.toString(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"help", "--help", "-h"})
    void shouldPrintHelp(String command) {
        assertEquals(0, run(command));
        assertTrue(out.toString(UTF_8).contains("ringside blk"), out.toString(UTF_8));
        assertEquals("", err.toString(UTF_8));
    }

    @Test
    void shouldShowUsageOnStderrWhenThereIsNoCommand() {
        assertEquals(ExitCode.CONFIG, run());
        assertTrue(err.toString(UTF_8).contains("usage:"));
    }

    @Test
    void shouldRefuseUnknownCommands() {
        assertRefused(run("bkl"), "'bkl'", "blk", "ringside help");
    }

    @Test
    void shouldListEveryOptionInTheHelpOfBlk() {
        assertEquals(0, run("blk", "--help"));
        String help = out.toString(UTF_8);
        for (var option : BlkSyntax.commandLine().getCommandSpec().options()) {
            assertTrue(help.contains(option.longestName()), option.longestName());
        }
        assertTrue(help.lines().allMatch(line -> line.length() <= Syntax.WIDTH), help);
    }

    @Test
    void shouldPrintCapabilitiesWhateverElseIsGiven() {
        String expected = "{\"type\":\"block\",\"features\":[\"read-only\",\"blk-file\"]}\n";

        assertEquals(0, run("blk", "--print-capabilities"));
        assertEquals(expected, out.toString(UTF_8));
        out.reset();

        assertEquals(
                0,
                run("blk", "--socket-path", "--fd=x", "--nonsense", "--print-capabilities", "-z"));
        assertEquals(expected, out.toString(UTF_8));
        assertEquals("", err.toString(UTF_8));
    }

    @ParameterizedTest
    @MethodSource("wrongValues")
    void shouldRefuseAWrongValueAndSayWhatIsRight(String option, String value, String way) {
        assertRefused(runBlk(option + "=" + value), option, value, way);
        err.reset();
        assertRefused(runBlk(option, value), option, value, way);
    }

    static Stream<Arguments> wrongValues() {
        return Stream.of(
                Arguments.of("--num-queues", "0", "1 to 256"),
                Arguments.of("--num-queues", "257", "1 to 256"),
                Arguments.of("--num-queues", "99999999999999999999", "1 to 256"),
                Arguments.of("--num-queues", "1.5", "1 to 256"),
                Arguments.of("--num-queues", "+4", "1 to 256"),
                Arguments.of("--queue-size", "1", "power of two from 2 to 32768"),
                Arguments.of("--queue-size", "100", "power of two"),
                Arguments.of("--queue-size", "65536", "power of two"),
                Arguments.of("--serial", "012345678901234567890", "20 printable"),
                Arguments.of("--serial", "caf\u00e9", "20 printable"),
                Arguments.of("--shards", "0", "1 to 256"),
                Arguments.of("--shards", "many", "1 to 256"),
                Arguments.of("--cpu", "8191", "may not use"),
                Arguments.of("--cpu", "x", "for example 1,3-5"),
                Arguments.of("--cpu", "0-", "for example 1,3-5"),
                Arguments.of("--cpu", "0,", "for example 1,3-5"),
                Arguments.of("--cpu", "3-1", "backwards"),
                Arguments.of("--cpu", "0,0", "twice"),
                Arguments.of("--cpu", "0-999999999", "for example 1,3-5"),
                Arguments.of("--idle", "lazy", "adaptive, busy-spin"),
                Arguments.of("--spin-us", "-1", "0 to 10000"),
                Arguments.of("--spin-us", "10001", "0 to 10000"),
                Arguments.of("--spin-us", "50us", "0 to 10000"),
                Arguments.of("--metrics-port", "65536", "0 to 65535"),
                Arguments.of("--metrics-port", "http", "0 to 65535"),
                Arguments.of("--socket-mode", "0778", "octal"),
                Arguments.of("--socket-mode", "01000", "octal"),
                Arguments.of("--socket-mode", "rw", "octal"),
                Arguments.of("--socket-owner", "no-such-user", "getent passwd"),
                Arguments.of("--socket-owner", "root:no-such-group", "getent group"),
                Arguments.of("--socket-owner", "root:", "USER:GROUP"),
                Arguments.of("--socket-owner", ":", "USER:GROUP"),
                Arguments.of("--metrics-address", "127.0.0.1", "--metrics-port=PORT"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--socket-path",
                "--blk-file",
                "--backend",
                "--serial",
                "--cpu",
                "--socket-owner",
                "--metrics-port"
            })
    void shouldRefuseAnEmptyValue(String option) {
        assertRefused(run("blk", option + "="), option, "empty");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--block-size", "--physical-block-size"})
    void shouldRefuseBlockSizesThatAreNoPowerOfTwo(String option) {
        assertRefused(runBlk(option + "=513"), option + "=513", "power of two");
        err.reset();
        assertRefused(runBlk(option + "=256"), option + "=256", "power of two from 512");
    }

    @Test
    void shouldRefuseBlockSizesOfStorageThatHasItsOwn() {
        assertRefused(runBlk("--block-size=4096"), "--block-size", "null:size=1G", "leave");
    }

    @Test
    void shouldRefuseAPhysicalBlockSmallerThanALogicalOne() {
        assertRefused(
                runBlk("--block-size=4096", "--physical-block-size=512"),
                "--physical-block-size=512",
                "--block-size=4096");
    }

    @Test
    void shouldRefuseShardsThatDoNotMatchTheProcessors() {
        assertRefused(runBlk("--cpu=0", "--shards=2"), "--shards=2", "--cpu=0", "do not match");
    }

    @Test
    void shouldRefuseAnOptionGivenTwice() {
        assertRefused(runBlk("--shards=1", "--shards=1"), "--shards", "twice");
    }

    @Test
    void shouldRefuseAnOptionWithoutItsValue() {
        assertRefused(runBlk("--serial"), "--serial=TEXT");
        err.reset();
        assertRefused(runBlk("--serial", "--read-only"), "--serial");
    }

    @Test
    void shouldRefuseUnknownOptionsAndSuggestTheNearest() {
        assertRefused(runBlk("--num-queue=4"), "--num-queue=4", "--num-queues", "--help");
        err.reset();
        assertRefused(runBlk("disk.img"), "disk.img", "--help");
        err.reset();
        assertRefused(runBlk("-r"), "-r", "--help");
    }

    @Test
    void shouldNotExpandFilesOfArguments() throws IOException {
        Path file = Files.writeString(folder.resolve("args"), "--read-only");

        assertRefused(runBlk("@" + file), "@" + file);
    }

    @Test
    void shouldRefuseTwoSocketsOrNone() {
        assertRefused(runBlk("--fd=3"), "--socket-path=", "--fd=3", "exclude each other");
        err.reset();
        assertRefused(run("blk", "--backend=null:size=1G"), "--socket-path=PATH", "--fd=N");
    }

    @Test
    void shouldRefuseTwoDisksOrNone() {
        assertRefused(runBlk("--blk-file=/dev/null"), "--blk-file=/dev/null", "--backend=");
        err.reset();
        assertRefused(
                run("blk", "--socket-path=" + folder.resolve("s")),
                "--blk-file=PATH",
                "--backend=URI");
    }

    @Test
    void shouldRefuseOptionsOfAListeningSocketForAClient() {
        assertRefused(runBlk("--client", "--socket-mode=0600"), "--socket-mode", "--client");
        err.reset();
        assertRefused(runBlk("--client", "--socket-owner=root"), "--socket-owner", "--client");
    }

    @Test
    void shouldRefuseASocketWithoutItsDirectory() {
        Path socket = folder.resolve("none").resolve("s");

        assertRefused(
                run("blk", "--socket-path=" + socket, "--backend=null:size=1G"),
                socket.toString(),
                "mkdir");
    }

    @Test
    void shouldRefuseADirectoryAsSocket() {
        assertRefused(
                run("blk", "--socket-path=" + folder, "--backend=null:size=1G"),
                folder.toString(),
                "is a directory");
    }

    @Test
    void shouldRefuseDescriptorsThatAreNotSockets() {
        assertRefused(
                run("blk", "--fd=1048576", "--backend=null:size=1G"),
                "--fd=1048576",
                "is not open");
        err.reset();
        assertRefused(run("blk", "--fd=-1", "--backend=null:size=1G"), "--fd=-1", "0 to");
    }

    @Test
    void shouldKeepControlCharactersOffTheTerminal() {
        assertRefused(runBlk("--serial=a\n\u001b[2Jringside: ready: forged"), "--serial=a  [2J");
    }
}
