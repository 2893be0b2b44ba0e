package dev.ringside.server.component;

import dev.ringside.frontend.FrontendInflight;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.shm.Memfd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** What a front-end does to an in-flight region that none may do. */
final class RegionAttacks {
    static final int ENTRIES = 128;

    /** A queue's part in the region of split rings: 16 + 16 * 128 bytes, rounded up to 64. */
    static final long QUEUE_BYTES = 2112;

    /** A load's, whose session ends: longer than a busy machine takes to give it its turn. */
    static final long PATIENCE_NS = 2_000_000_000;

    private static final int HEADER_BYTES = 16;

    private RegionAttacks() {}

    /** A region that the back-end cannot seal: it may be cut at any time. */
    static FrontendInflight unsealed(final int queues) throws IOException {
        final FrontendInflight region =
                FrontendInflight.create(queues * QUEUE_BYTES, 0, queues, ENTRIES);
        Memfd.seal(region.fd(), Memfd.F_SEAL_SEAL);
        return region;
    }

    /** Has a driver that runs begin anew with another region. */
    static <D extends VirtioDriver> D track(final D driver, final FrontendInflight region)
            throws IOException {
        driver.stop();
        driver.resetQueues();
        driver.inflight(region);
        driver.activate();
        return driver;
    }

    /** Writes any byte anywhere. */
    static void spoil(final MemorySegment region, final Random random) {
        region.set(
                ValueLayout.JAVA_BYTE,
                random.nextInt((int) region.byteSize()),
                (byte) random.nextInt());
    }

    /** Fills it; nothing, the header, or the header and the marks are as they must be. */
    static void fill(final MemorySegment region, final Random random) {
        final byte[] garbage = new byte[(int) region.byteSize()];
        random.nextBytes(garbage);
        final int kept = random.nextInt(3);
        for (int at = kept == 0 ? 0 : HEADER_BYTES; at < garbage.length; at++) {
            final boolean mark = kept == 2 && at % 16 == 0;
            region.set(ValueLayout.JAVA_BYTE, at, mark ? (byte) (garbage[at] & 1) : garbage[at]);
        }
    }
}
