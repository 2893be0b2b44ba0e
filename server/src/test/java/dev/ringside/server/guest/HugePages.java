package dev.ringside.server.guest;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Huge pages for a guest's memory. Where this process may not reserve them and none are free, the
 * guest gets memory from a file in /dev/shm instead, and says so: the test still has a kind of
 * memory of its own. One at a time on a machine: tests run side by side, and count what is free.
 *
 * @param turn locked, so that no other process reserves any
 * @param before how many the machine had, to give the others back
 * @param reserved whether there are enough
 */
record HugePages(FileChannel turn, long before, boolean reserved) implements AutoCloseable {
    private static final Path COUNT = Path.of("/proc/sys/vm/nr_hugepages");
    private static final Path TURN = Path.of("/tmp/ringside-test-huge-pages.lock");
    private static final int PAGE_MIB = 2;

    /** Reserves enough pages of 2 MiB for {@code sizeMib}, if that is possible. */
    static HugePages reserve(final int sizeMib) throws IOException {
        final FileChannel turn =
                FileChannel.open(TURN, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        turn.lock();
        final long needed = sizeMib / PAGE_MIB;
        final long before = Long.parseLong(Files.readString(COUNT).strip());
        final long missing = needed - free();
        if (missing > 0 && Files.isWritable(COUNT)) {
            Files.writeString(COUNT, Long.toString(before + missing));
        }
        final boolean reserved = free() >= needed;
        if (!reserved) {
            System.out.println(
                    "no huge pages: only "
                            + free()
                            + " of "
                            + needed
                            + " are free; as root: echo "
                            + (before + missing)
                            + " > "
                            + COUNT);
        }
        return new HugePages(turn, before, reserved);
    }

    /** The QEMU object to take memory from. */
    String memoryBackend() {
        return reserved
                ? "memory-backend-memfd,hugetlb=on,hugetlbsize=2M"
                : "memory-backend-file,mem-path=/dev/shm";
    }

    private static long free() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("HugePages_Free:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        }
    }

    @Override
    public void close() throws IOException {
        if (Files.isWritable(COUNT)) {
            Files.writeString(COUNT, Long.toString(before));
        }
        turn.close();
    }
}
