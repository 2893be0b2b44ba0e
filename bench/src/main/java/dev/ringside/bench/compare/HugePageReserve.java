package dev.ringside.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Huge pages for a while; where this process may not reserve them and none are free, it goes
 * without.
 *
 * @param before how many the machine had, to give the others back
 * @param more there are more now
 */
record HugePageReserve(long before, boolean more, boolean enough) implements AutoCloseable {
    private static final Path COUNT = Path.of("/proc/sys/vm/nr_hugepages");
    private static final int PAGE_MIB = 2;
    private static final int TRIES = 10;
    private static final long LOOK_AGAIN_NS = 200_000_000;

    /** Reserves so many MiB in pages of 2 MiB, if that is possible. */
    static HugePageReserve of(final int sizeMib) throws IOException {
        final long needed = sizeMib / PAGE_MIB;
        final long before = count();
        boolean more = false;
        // Pages of a process that is just ending are neither free nor counted: look again then.
        for (int i = 0; i < TRIES && free() < needed; i++) {
            if (i > 0) {
                IdleCpu.pause(LOOK_AGAIN_NS);
            }
            final long missing = needed - free();
            if (missing > 0 && Files.isWritable(COUNT)) {
                more = true;
                Files.writeString(COUNT, Long.toString(count() + missing));
            }
        }
        final HugePageReserve reserve = new HugePageReserve(before, more, free() >= needed);
        // Given back also when the run is broken off.
        Runtime.getRuntime().addShutdownHook(new Thread(reserve::giveBack));
        return reserve;
    }

    private static long count() throws IOException {
        return Long.parseLong(Files.readString(COUNT).strip());
    }

    private static long free() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("HugePages_Free:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        }
    }

    private void giveBack() {
        if (more) {
            try {
                Files.writeString(COUNT, Long.toString(before));
            } catch (IOException e) {
                System.err.println("bench/compare: huge pages stay reserved: " + e);
            }
        }
    }

    @Override
    public void close() {
        giveBack();
    }
}
