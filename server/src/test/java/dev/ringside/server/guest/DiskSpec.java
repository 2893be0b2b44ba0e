package dev.ringside.server.guest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a back-end process shall serve.
 *
 * @param image the file behind the disk
 * @param readOnly whether writes are refused
 * @param queues how many queues are offered
 * @param options further options of {@code ringside blk}
 */
record DiskSpec(Path image, boolean readOnly, int queues, List<String> options) {
    static DiskSpec of(final Path image) {
        return new DiskSpec(image, false, 1, List.of());
    }

    DiskSpec asReadOnly() {
        return new DiskSpec(image, true, queues, options);
    }

    DiskSpec queues(final int count) {
        return new DiskSpec(image, readOnly, count, options);
    }

    DiskSpec option(final String option) {
        final List<String> more = new ArrayList<>(options);
        more.add(option);
        return new DiskSpec(image, readOnly, queues, List.copyOf(more));
    }
}
