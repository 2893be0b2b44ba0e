package dev.ringside.server.component;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A disk whose host has no space for it until it is given some. Needs root: it mounts. */
public final class FillingStorage implements AutoCloseable {
    private static final int PIECE_BYTES = 1 << 20;

    /** What the disk lies on. */
    public enum Kind {
        /** A file in memory: ENOSPC, at once. */
        TMPFS,
        /** A file of a small ext4, by O_DIRECT: ENOSPC, from the io_uring. */
        EXT4,
        /** A block device whose storage cannot grow: a loop over a file in memory. */
        LOOP
    }

    private final Path folder;
    private final Path filled;
    private final Deque<List<String>> undo = new ArrayDeque<>();
    private Path disk;

    /** Full from the beginning. */
    public FillingStorage(Kind kind, Path below, long diskBytes) throws IOException {
        folder = Files.createDirectories(below.resolve("storage"));
        String size = "size=" + 2 * diskBytes;
        disk = folder.resolve("disk");
        if (kind == Kind.EXT4) {
            Path image = below.resolve("ext4.img");
            sparse(image, 4 * diskBytes);
            String loop = attach(image);
            run("mkfs.ext4", "-q", "-F", loop);
            mount("-t", "ext4", loop, folder.toString());
        } else {
            mount("-t", "tmpfs", "-o", size, "none", folder.toString());
        }
        sparse(disk, diskBytes);
        filled = folder.resolve("filled");
        fill();
        if (kind == Kind.LOOP) {
            disk = Path.of(attach(disk));
        }
    }

    /** What Ringside serves. */
    public Path disk() {
        return disk;
    }

    private void fill() throws IOException {
        int piece = PIECE_BYTES;
        try (FileChannel file =
                FileChannel.open(filled, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (piece >= 512) {
                try {
                    file.write(ByteBuffer.allocate(piece));
                } catch (IOException e) {
                    piece /= 2; // until not a block is left
                }
            }
        }
    }

    /** Makes room. */
    public void free() throws IOException {
        Files.delete(filled);
    }

    private static void sparse(Path file, long bytes) throws IOException {
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(bytes);
        }
    }

    private String attach(Path file) throws IOException {
        String loop = run("losetup", "--find", "--show", file.toString());
        undo.push(List.of("losetup", "--detach", loop));
        return loop;
    }

    private void mount(String... how) throws IOException {
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(how));
        run(command.toArray(String[]::new));
        undo.push(List.of("umount", folder.toString()));
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(List.of(command) + " (needs root): " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        return output;
    }

    @Override
    public void close() throws IOException {
        while (!undo.isEmpty()) {
            run(undo.pop().toArray(String[]::new));
        }
    }
}
