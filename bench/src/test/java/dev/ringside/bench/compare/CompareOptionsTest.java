package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is compared with Ringside, and on what. */
final class CompareOptionsTest {
    @Test
    void shouldCompareWithQemuOnWhatQemuHas() {
        CompareOptions options = parse();
        assertInstanceOf(QemuDisk.class, options.peer());
        assertEquals(List.of(Storage.NULL, Storage.TMPFS, Storage.FILE), options.storages());
    }

    @Test
    void shouldRejectCaseThatPeerHasNot() {
        assertRejected("qemu-storage-daemon has no storage 'memory'", "--case=memory");
    }

    @Test
    void shouldRejectUnknownPeer() {
        assertRejected("there is no peer crosvm", "--peer=crosvm");
    }

    @Test
    void shouldRejectProgramOfAnotherPeer() {
        assertRejected("--spdk is for --peer=spdk", "--spdk=vhost");
    }

    @Test
    void shouldCompareWithSpdkOnAll(@TempDir Path folder) throws IOException {
        Path program = executable(folder.resolve("vhost"));
        CompareOptions options = parse("--peer=spdk", "--spdk=" + program);
        assertEquals(new SpdkDisk(program), options.peer());
        assertEquals(List.of(Storage.values()), options.storages());
    }

    @Test
    void shouldSayWhereSpdkComesFrom(@TempDir Path folder) throws IOException {
        Path text = Files.createFile(folder.resolve("vhost"));
        assertRejected("build its vhost target", "--peer=spdk", "--spdk=" + text);
        assertRejected("--spdk=PATH", "--peer=spdk", "--spdk=" + folder);
    }

    @Test
    void shouldFindSpdkInSearchPath(@TempDir Path folder) throws IOException {
        Path program = executable(folder.resolve("vhost"));
        assertEquals(new SpdkDisk(program), SpdkDisk.find("vhost", "/nowhere:" + folder));
    }

    @Test
    void shouldCompareWithAnotherBuild(@TempDir Path folder) throws IOException {
        executable(Files.createDirectory(folder.resolve("bin")).resolve("ringside"));
        DiskProgram other = parse("--peer=" + folder).peer();
        assertEquals("other", other.title());
        assertTrue(
                other.command(Storage.NULL, folder, folder, 1)
                        .contains(folder.resolve("bin/ringside").toString()));
        assertRejected("there is no Ringside at /nowhere: it has no bin", "--peer=/nowhere");
    }

    private static Path executable(Path path) throws IOException {
        Files.createFile(path);
        assertTrue(path.toFile().setExecutable(true));
        return path;
    }

    private static CompareOptions parse(String... arguments) {
        return CompareOptions.parse(Path.of("/nowhere"), new Arguments(List.of(arguments)));
    }

    private static void assertRejected(String message, String... arguments) {
        String said =
                String.valueOf(
                        assertThrows(IllegalArgumentException.class, () -> parse(arguments))
                                .getMessage());
        assertTrue(said.contains(message), said);
    }
}
