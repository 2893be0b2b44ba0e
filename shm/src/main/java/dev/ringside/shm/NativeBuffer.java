package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of our own outside the heap, zeroed and aligned, whose address can be given to system
 * calls, and of which core dumps hold no whole page. Any thread; close it when no I/O is in flight
 * on it.
 */
public final class NativeBuffer implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    private NativeBuffer(long sizeBytes, long alignment) {
        segment = arena.allocate(sizeBytes, alignment);
        CoreDumps.exclude(segment);
    }

    /**
     * Allocates a buffer.
     *
     * @param sizeBytes more than 0
     * @param alignment of the address, a power of two
     */
    public static NativeBuffer allocate(long sizeBytes, long alignment) {
        if (sizeBytes <= 0) {
            throw new IllegalArgumentException(
                    "buffer of " + sizeBytes + " bytes: needs at least 1");
        }
        return new NativeBuffer(sizeBytes, alignment);
    }

    /** The first byte's address, valid until closed. */
    public long address() {
        return segment.address();
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /** The size in bytes. */
    public long sizeBytes() {
        return segment.byteSize();
    }

    /** Frees the memory; does nothing the second time. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
