package dev.ringside.server.bench;

import dev.ringside.frontend.FrontendMemory;
import java.io.IOException;

/** The memory that is shared with a back-end. */
final class BenchMemory {
    private static final long STEP_BYTES = 16L << 20;

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
        try {
            return FrontendMemory.huge(rounded);
        } catch (IOException e) {
            throw new IOException(
                    "--huge-pages: the host has not "
                            + (rounded >> 21)
                            + " free ones: write more than that into /proc/sys/vm/nr_hugepages",
                    e);
        }
    }
}
