package dev.ringside.virtio.blk.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Zeroes to write from, shared by all backends. */
final class Zeroes {
    /** How many there are, bytes. */
    static final int BYTES = 256 << 10;

    private static final MemorySegment SEGMENT = Arena.global().allocate(BYTES, 4096).asReadOnly();

    private Zeroes() {}

    /** Zeroes a range, without the slice that filling would allocate. */
    static void copyTo(MemorySegment into, long at, long bytes) {
        long done = 0;
        while (done < bytes) {
            long part = Math.min(BYTES, bytes - done);
            MemorySegment.copy(SEGMENT, 0, into, at + done, part);
            done += part;
        }
    }

    /** Where they are; aligned to 4096. */
    static long address() {
        return SEGMENT.address();
    }
}
