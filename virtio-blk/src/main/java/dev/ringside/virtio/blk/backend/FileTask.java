package dev.ringside.virtio.blk.backend;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** Where one request of a file channel stands. Made once per slot. */
final class FileTask {
    /** How the request's bytes move, or what else is done. */
    enum Stage {
        /** Straight between the file and guest memory. */
        STRAIGHT,
        /** Through an aligned buffer of this process: guest memory is not aligned for O_DIRECT. */
        BOUNCE,
        /** Through the page cache: offset or length is not aligned for O_DIRECT. */
        SIDE,
        /** Freeing a range. */
        PUNCH,
        /** Zeroing a range that stays allocated. */
        ZERO_RANGE,
        /** Writing zeroes, for file systems that can do neither. */
        ZERO_WRITE
    }

    /** No bounce buffer. */
    static final int NONE = -1;

    final BlockIo io;
    Stage stage = Stage.STRAIGHT;
    long done;
    int bounce = NONE;

    private final MemorySegment iovecs;
    private final int room;
    private int iovecCount;

    /** With native memory for its I/O vector. */
    FileTask(BlockIo io, MemorySegment iovecs) {
        this.io = io;
        this.iovecs = iovecs;
        room = (int) (iovecs.byteSize() / FileSpec.IOVEC_BYTES);
    }

    /** Bytes of I/O vector that a request needs. */
    static int iovecBytes(BlockIo io) {
        return Math.clamp(io.maxExtents(), 1, FileSpec.IOV_MAX) * FileSpec.IOVEC_BYTES;
    }

    /** From the start. */
    void begin(Stage first) {
        stage = first;
        done = 0;
        bounce = NONE;
    }

    /** Bytes still to do. */
    long left() {
        return io.length() - done;
    }

    /**
     * Writes down what is left of the extents, as far as there is room and up to so many bytes.
     * Never an empty vector.
     */
    void fillIovecs(long limit) {
        long skip = done;
        long left = limit;
        int count = 0;
        for (int i = 0; i < io.extents() && count < room && left > 0; i++) {
            int bytes = io.length(i);
            if (skip >= bytes) {
                skip -= bytes;
                continue;
            }
            long part = Math.min(left, bytes - skip);
            writeIovec(iovecs, (long) count * FileSpec.IOVEC_BYTES, io.address(i) + skip, part);
            count++;
            left -= part;
            skip = 0;
        }
        iovecCount = count;
    }

    /** Writes one struct iovec. */
    static void writeIovec(MemorySegment into, long at, long address, long bytes) {
        into.set(JAVA_LONG, at, address);
        into.set(JAVA_LONG, at + Long.BYTES, bytes);
    }

    /** Address of the vector that {@link #fillIovecs} wrote. */
    long iovecAddress() {
        return iovecs.address();
    }

    /** Entries of the vector that {@link #fillIovecs} wrote. */
    int iovecCount() {
        return iovecCount;
    }
}
