package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Counts the descriptors and mappings that the tests make, in /proc/self. */
record Leaks(int descriptors, long mappings) {
    /** The name of every memfd here. */
    static final String MEMFD = "vhostuser-test";

    private static final String INFLIGHT = "ringside-inflight";

    private static boolean isOurs(String name) {
        return name.contains(MEMFD) || name.contains(INFLIGHT);
    }

    static Leaks count() {
        try {
            return new Leaks(descriptorCount(), mappingCount());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The descriptors alone, which is quicker. */
    static int descriptorCount() {
        int count = 0;
        try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path fd : fds) {
                String target = target(fd);
                if (target.contains("eventfd") || isOurs(target)) {
                    count++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return count;
    }

    /** A descriptor may be gone by now: that of the directory itself is. */
    private static String target(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString();
        } catch (IOException e) {
            return "";
        }
    }

    private static long mappingCount() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(Leaks::isOurs)
                .count();
    }

    /** Fails unless there are now as many as when this was counted. */
    void assertNone() {
        assertEquals(this, count(), "descriptors and mappings before and after");
    }
}
