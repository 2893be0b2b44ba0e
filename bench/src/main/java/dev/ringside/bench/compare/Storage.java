package dev.ringside.bench.compare;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/** What is served. */
enum Storage {
    /** Nothing: requests are answered and no data is touched. */
    NULL("null", 1L << 30),
    /** The back-end's own memory: one copy, and nothing of the kernel. */
    MEMORY("memory", 256L << 20),
    /** A file on tmpfs through the page cache: memory speed, the kernel's copy included. */
    TMPFS("tmpfs file, buffered", 256L << 20),
    /** A file on a real file system with O_DIRECT: the medium is the limit. */
    FILE("real file, O_DIRECT", 1L << 30);

    private static final int CHUNK_BYTES = 1 << 20;

    private final String title;
    private final long sizeBytes;

    Storage(final String title, final long sizeBytes) {
        this.title = title;
        this.sizeBytes = sizeBytes;
    }

    String title() {
        return title;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** Whether it has an image; otherwise it is nothing until the back-end runs. */
    boolean hasImage() {
        return this == TMPFS || this == FILE;
    }

    /** The image's path for one back-end; each has its own, for images are locked. */
    Path image(final Path folder, final String owner) {
        final Path parent = this == TMPFS ? Path.of("/dev/shm") : folder;
        return parent.resolve("ringside-compare-" + owner + ".img");
    }

    /** Makes the image, full of bytes that no file system can leave out. */
    void prepare(final Path image) throws IOException {
        if (!hasImage()) {
            return;
        }
        final byte[] chunk = new byte[CHUNK_BYTES];
        final Random random = new Random(1);
        try (OutputStream out = Files.newOutputStream(image)) {
            for (long at = 0; at < sizeBytes; at += CHUNK_BYTES) {
                random.nextBytes(chunk);
                out.write(chunk);
            }
        }
        // Written back before anybody measures, or the kernel's own writing is measured too.
        try (var channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }
}
