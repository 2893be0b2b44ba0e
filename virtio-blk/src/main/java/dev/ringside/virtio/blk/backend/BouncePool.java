package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.CoreDumps;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A few aligned buffers for requests whose guest memory is not aligned for O_DIRECT. */
final class BouncePool {
    /** Size of a buffer, bytes: a multiple of every direct alignment that is accepted. */
    static final int BYTES = 64 << 10;

    /** How many there are; more requests than that wait. */
    static final int BUFFERS = 4;

    private static final int ALIGN = 4096;

    private final MemorySegment[] segments;
    private final int[] free;
    private int freeCount;

    /** With so many buffers, in memory that lives as long as the arena and is in no core dump. */
    BouncePool(Arena arena, int buffers) {
        segments = new MemorySegment[buffers];
        free = new int[buffers];
        for (int i = 0; i < buffers; i++) {
            segments[i] = arena.allocate(BYTES, ALIGN);
            CoreDumps.exclude(segments[i]);
            free[i] = i;
        }
        freeCount = buffers;
    }

    /** A buffer's number, or {@link FileTask#NONE}. */
    int take() {
        return freeCount == 0 ? FileTask.NONE : free[--freeCount];
    }

    void give(int buffer) {
        free[freeCount++] = buffer;
    }

    MemorySegment segment(int buffer) {
        return segments[buffer];
    }

    long address(int buffer) {
        return segments[buffer].address();
    }
}
