package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a core dump of a process holds that has served a guest. */
@Timeout(180)
final class CoreDumpIT {
    private static final int SECRET_BYTES = 16;
    private static final int IO_BYTES = 64 << 10;
    private static final int CHUNK_BYTES = 1 << 20;
    private static final String NAME = "a-name-that-is-in-the-heap";

    @TempDir private Path folder = Path.of("/nonexistent");
    private final byte[] secret = new byte[SECRET_BYTES];

    private RingsideChild serve(String... more) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("blk", "--socket-path=" + folder.resolve("d.sock")));
        arguments.addAll(List.of("--name=" + NAME, "--control-socket=" + folder.resolve("c")));
        arguments.addAll(List.of(more));
        List<String> anyCore =
                List.of("sh", "-c", "ulimit -c unlimited; cd " + folder + "; exec \"$@\"", "sh");
        return RingsideChild.start(anyCore, Map.of(), arguments.toArray(String[]::new));
    }

    /** A guest that has written a secret, by buffers that can be used as they are and others. */
    private BlkDriver writeSecret() throws IOException {
        new Random().nextBytes(secret);
        byte[] data = new byte[IO_BYTES];
        for (int at = 0; at < data.length; at += SECRET_BYTES) {
            System.arraycopy(secret, 0, data, at, SECRET_BYTES);
        }
        BlkDriver driver =
                BlkDriver.start(
                        FrontendConnection.connect(folder.resolve("d.sock")),
                        FrontendMemory.likePc(16 << 20),
                        BlkOptions.defaults());
        BlkIo io = new BlkIo(driver, 0, IO_BYTES);
        assertEquals(BlkSpec.S_OK, io.write(0, data));
        io.split(new BlkIo.Split(BlkSpec.HEADER_BYTES, 0, true, true));
        assertEquals(BlkSpec.S_OK, io.write(0, data));
        assertEquals(BlkSpec.S_OK, io.read(0, new byte[IO_BYTES]));
        return driver;
    }

    private Path image() throws IOException {
        Path image = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(1 << 20);
        }
        return image;
    }

    @Test
    void shouldHoldNothingOfAGuest() throws Exception {
        for (String medium : List.of("--blk-file=" + image(), "--backend=memory:size=1M")) {
            try (RingsideChild child = serve(medium)) {
                child.awaitReady();
                try (BlkDriver driver = writeSecret()) {
                    assertEquals(1, driver.queues().size());
                    Dump dump = new Dump(child);
                    byte[] name = NAME.getBytes(StandardCharsets.US_ASCII);
                    assertTrue(dump.has(name), "it holds the heap");
                    assertFalse(dump.has(secret), "it holds the guest's bytes");
                }
            }
        }
    }

    @Test
    void shouldNotBeMadeOfAProcessInTheSandbox() throws Exception {
        try (RingsideChild child = serve("--backend=memory:size=1M", "--sandbox")) {
            child.awaitReady();
            try (BlkDriver driver = writeSecret()) {
                assertEquals(1, driver.queues().size());
                child.signal("ABRT");
                child.awaitExit();
                assertEquals(List.of(), cores());
            }
        }
    }

    private List<Path> cores() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("core")).toList();
        }
    }

    /**
     * What the kernel dumps: the core file itself, or where it gives that to another program, the
     * same mappings, read from the process.
     */
    private final class Dump {
        private final List<byte[]> pieces = new ArrayList<>();

        Dump(RingsideChild child) throws Exception {
            String pattern = Files.readString(Path.of("/proc/sys/kernel/core_pattern")).strip();
            if (pattern.startsWith("core")) {
                child.signal("ABRT");
                child.awaitExit();
                Path core = cores().getFirst();
                read(core, 0, Files.size(core));
                Files.delete(core);
            } else {
                readMappings(child.pid());
            }
        }

        private void readMappings(long pid) throws IOException {
            Path memory = Path.of("/proc/" + pid + "/mem");
            String range = "";
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps"))) {
                if (line.startsWith("VmFlags:")) {
                    boolean dumped = line.contains(" wr ") && !line.contains(" dd");
                    if (dumped && !line.contains(" io ")) {
                        int dash = range.indexOf('-');
                        long begin = Long.parseUnsignedLong(range.substring(0, dash), 16);
                        read(memory, begin, Long.parseLong(range.substring(dash + 1), 16) - begin);
                    }
                } else if (!line.contains(": ")) {
                    range = line.substring(0, line.indexOf(' '));
                }
            }
        }

        /** Only what is not zero: most of a core is a hole. */
        private void read(Path file, long from, long length) throws IOException {
            try (FileChannel channel = FileChannel.open(file)) {
                for (long at = 0; at < length; at += CHUNK_BYTES) {
                    byte[] piece = new byte[(int) Math.min(CHUNK_BYTES, length - at)];
                    channel.read(ByteBuffer.wrap(piece), from + at);
                    if (!Arrays.equals(piece, new byte[piece.length])) {
                        pieces.add(piece);
                    }
                }
            }
        }

        boolean has(byte[] wanted) {
            String text = new String(wanted, StandardCharsets.ISO_8859_1);
            return pieces.stream()
                    .anyMatch(
                            piece -> new String(piece, StandardCharsets.ISO_8859_1).contains(text));
        }
    }
}
