package dev.ringside.server.bench;

import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import java.io.IOException;

/** The memory that is shared with a back-end. */
final class BenchMemory {
    private static final long STEP_BYTES = 16L << 20;
    private static final long HUGE_PAGE_BYTES = 2 << 20;

    private BenchMemory() {}

    /**
     * Room for so many bytes: two regions like a PC's, or one of huge pages.
     *
     * @throws IOException when the host has not so many huge pages; the message says the way out
     */
    static FrontendMemory make(long bytes, boolean hugePages) throws IOException {
        long rounded = (bytes / STEP_BYTES + 1) * STEP_BYTES;
        if (!hugePages) {
            return FrontendMemory.likePc(rounded);
        }
        FrontendMemory memory = new FrontendMemory();
        try {
            memory.add(FrontendRegion.createHuge(0, rounded, HUGE_PAGE_BYTES));
            return memory;
        } catch (IOException e) {
            memory.close();
            throw new IOException(
                    "--huge-pages: the host has not "
                            + rounded / HUGE_PAGE_BYTES
                            + " free ones: write more than that into /proc/sys/vm/nr_hugepages",
                    e);
        }
    }
}
