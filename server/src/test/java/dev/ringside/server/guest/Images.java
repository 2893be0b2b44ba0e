package dev.ringside.server.guest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** The host's side of a disk: makes image files and looks into them. */
final class Images {
    static final int MIB = 1 << 20;

    private Images() {}

    /** A sparse image. */
    static Path sparse(final Path path, final int sizeMib) throws IOException {
        try (FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(1), (long) sizeMib * MIB - 1);
        }
        return path;
    }

    /** An image full of random bytes. */
    static Path random(final Path path, final int sizeMib, final long seed) throws IOException {
        final Random random = new Random(seed);
        final byte[] block = new byte[MIB];
        try (FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int i = 0; i < sizeMib; i++) {
                random.nextBytes(block);
                file.write(ByteBuffer.wrap(block), (long) i * MIB);
            }
        }
        return path;
    }

    /** Writes text over the start of an image. */
    static void writeText(final Path path, final String text) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
        }
    }

    /** The same digest as the guest's shell function of this name. */
    static String digest(final Path path, final int offsetMib, final int lengthMib)
            throws IOException {
        try {
            final MessageDigest digest = MessageDigest.getInstance("MD5");
            for (int i = 0; i < lengthMib; i++) {
                digest.update(read(path, (long) (offsetMib + i) * MIB, MIB));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (final NoSuchAlgorithmException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    /** Reads a part of an image. */
    static byte[] read(final Path path, final long offset, final int length) throws IOException {
        final byte[] bytes = new byte[length];
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            file.seek(offset);
            file.readFully(bytes);
        }
        return bytes;
    }

    /** Whether a range reads as zeroes. */
    static boolean isZero(final Path path, final int offsetMib, final int lengthMib)
            throws IOException {
        for (int i = 0; i < lengthMib; i++) {
            for (final byte b : read(path, (long) (offsetMib + i) * MIB, MIB)) {
                if (b != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * How much of the file has blocks on the host, in MiB; the few blocks of metadata round away.
     */
    static int allocatedMib(final Path path) throws IOException, InterruptedException {
        final Process stat = new ProcessBuilder("stat", "--format=%b %B", path.toString()).start();
        final String[] words =
                new String(stat.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                        .strip()
                        .split(" ", -1);
        stat.waitFor();
        final long bytes = Long.parseLong(words[0]) * Long.parseLong(words[1]);
        return Math.toIntExact(Math.floorDiv(bytes + MIB / 2, (long) MIB));
    }
}
