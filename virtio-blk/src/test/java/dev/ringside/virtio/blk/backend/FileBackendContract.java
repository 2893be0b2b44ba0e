package dev.ringside.virtio.blk.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;

/** What every file backend needs: a scratch directory on the disk that the build lies on. */
abstract class FileBackendContract extends BlockBackendContract {
    private final Deque<AutoCloseable> made = new ArrayDeque<>();
    private Path directory = Path.of("target");

    /** The directory. */
    Path directory() {
        return directory;
    }

    /** Makes the directory. */
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "blk");
    }

    /** Something to close when the test is over, the last one first. */
    <T extends AutoCloseable> T closing(T resource) {
        made.push(resource);
        return resource;
    }

    @Override
    void release() throws Exception {
        while (!made.isEmpty()) {
            made.pop().close();
        }
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
