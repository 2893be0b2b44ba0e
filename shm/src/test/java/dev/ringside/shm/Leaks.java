package dev.ringside.shm;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What the process holds: its descriptors and the mappings of memory files. */
final class Leaks {
    private Leaks() {}

    static long descriptors() throws IOException {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.count();
        }
    }

    /** Descriptors whose target has a text in it; not confused by pipes of child processes. */
    static long descriptors(String text) throws IOException {
        long count = 0;
        try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path fd : fds) {
                try {
                    count += Files.readSymbolicLink(fd).toString().contains(text) ? 1 : 0;
                } catch (NoSuchFileException _) {
                    // It was closed since it was listed.
                }
            }
        }
        return count;
    }

    /** Lines of /proc/self/maps with a memfd or another file of that name in them. */
    static List<String> mappings(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.contains(name))
                .toList();
    }

    /** The seed of a random test: from the property ringside.seed, else a new one; printed. */
    static long seed() {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println("ringside.seed=" + seed);
        return seed;
    }
}
