package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * A reusable array of struct iovec in native memory: the pieces of one readv(2) or writev(2). One
 * thread at a time; only the constructor allocates.
 *
 * <p>It holds addresses: whoever adds one keeps the memory mapped until the call is over.
 */
public final class IoVectors implements AutoCloseable {
    private final NativeBuffer memory;
    private final MemorySegment array;
    private final int capacity;
    private int count;
    private long bytes;

    private IoVectors(int capacity) {
        this.capacity = capacity;
        memory = NativeBuffer.allocate((long) capacity * SocketSpec.IOVEC_SIZE, Long.BYTES);
        array = memory.segment();
    }

    /**
     * An array without pieces.
     *
     * @param capacity the most pieces; the kernel takes up to 1024 (IOV_MAX)
     */
    public static IoVectors allocate(int capacity) {
        return new IoVectors(capacity);
    }

    /** Forgets all pieces. */
    public void clear() {
        count = 0;
        bytes = 0;
    }

    /**
     * Adds a piece behind the others.
     *
     * @param address of its first byte
     * @param lengthBytes 0 or more
     * @return false when the array is full: nothing was added
     */
    public boolean add(long address, int lengthBytes) {
        if (count == capacity) {
            return false;
        }
        long at = (long) count * SocketSpec.IOVEC_SIZE;
        array.set(JAVA_LONG, at + SocketSpec.IOVEC_BASE, address);
        array.set(JAVA_LONG, at + SocketSpec.IOVEC_LEN, lengthBytes);
        count++;
        bytes += lengthBytes;
        return true;
    }

    /** How many pieces there are. */
    public int count() {
        return count;
    }

    /** How many pieces there can be. */
    public int capacity() {
        return capacity;
    }

    /** The sum of the pieces' lengths in bytes. */
    public long sizeBytes() {
        return bytes;
    }

    /** The array's address, valid until closed. */
    public long address() {
        return array.address();
    }

    /** Frees the array; does nothing the second time. */
    @Override
    public void close() {
        memory.close();
    }
}
