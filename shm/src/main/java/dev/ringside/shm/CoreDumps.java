package dev.ringside.shm;

import java.lang.foreign.MemorySegment;

/** Keeps guests' bytes out of core dumps of this process. Any thread. */
public final class CoreDumps {
    private static final long PAGE_BYTES = 4096;

    private CoreDumps() {}

    /**
     * No core dump holds the whole pages of this memory from now on, also when they are used for
     * something else later. Does nothing where the kernel has no room for one more mapping
     * (vm.max_map_count).
     */
    public static void exclude(MemorySegment memory) {
        long first = (memory.address() + PAGE_BYTES - 1) & -PAGE_BYTES;
        long end = (memory.address() + memory.byteSize()) & -PAGE_BYTES;
        if (end > first) {
            Libc.madvise(first, end - first, Libc.MADV_DONTDUMP);
        }
    }
}
