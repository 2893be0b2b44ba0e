package dev.ringside.shm;

import java.io.IOException;
import java.nio.file.Files;
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
