package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Copies many short ranges by one call, each behind the same head of {@value #HEAD_BYTES} bytes:
 * one by one, what is done before and after each copy costs more than the copy. Made once; confined
 * to one thread at a time; data path.
 */
public final class HeadedCopies {
    /** Bytes before each copy. */
    public static final int HEAD_BYTES = 12;

    /** The most bytes of a copy: no safepoint comes before all of them are done. */
    public static final int MOST_BYTES = 4096;

    private static final int WORDS = 3;
    private static final long MEMCPY = Native.symbol("memcpy").address();
    private static final MethodHandle CODE =
            Native.code(
                    MachineCode.mapForClass(HeadedCopiesCode.bytes(), "copies"),
                    FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG));

    /** Of each copy: where to, where from, how many bytes. */
    private final long[] list;

    private final MemorySegment listSegment;

    /** For so many copies at once. */
    public HeadedCopies(int room) {
        list = new long[WORDS * room];
        listSegment = MemorySegment.ofArray(list);
    }

    /**
     * Writes the head to the beginnings of ranges, and copies ranges behind it. What overlaps, as a
     * guest's buffers may, has any bytes afterwards. The caller knows that nobody closes the
     * segments meanwhile.
     *
     * @param head the head's first eight bytes, the lowest one first
     * @param headEnd its last four, likewise
     * @param to the places, of which the length does not matter
     * @param from what is copied, up to {@link #MOST_BYTES} each
     * @param count how many of both, from their first on
     * @throws IndexOutOfBoundsException when there is no room for so many, or a head and copy, or
     *     what is copied, is not within its segment: then nothing is written
     * @throws IllegalArgumentException when a segment is a Java array's, or a range too long: then
     *     nothing is written
     * @throws IllegalStateException when a segment was closed
     */
    public void run(long head, int headEnd, Ranges to, Ranges from, int count) {
        if (count <= 0) {
            return;
        }
        long toStart = start(to.segment());
        long fromStart = start(from.segment());
        long toBytes = to.segment().byteSize() - HEAD_BYTES;
        long fromBytes = from.segment().byteSize();
        long[] into = list;
        for (int i = 0; i < count; i++) {
            long target = to.offset(i);
            long source = from.offset(i);
            long bytes = from.length(i);
            if (bytes < 0
                    || bytes > MOST_BYTES
                    || target < 0
                    || target > toBytes - bytes
                    || source < 0
                    || source > fromBytes - bytes) {
                throw outside(target, source, bytes);
            }
            into[WORDS * i] = toStart + target;
            into[WORDS * i + 1] = fromStart + source;
            into[WORDS * i + 2] = bytes;
        }
        try {
            CODE.invokeExact(listSegment, (long) count, head, headEnd, MEMCPY);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private static long start(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a copy to or from a Java array");
        }
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
        return segment.address();
    }

    private static RuntimeException outside(long target, long source, long bytes) {
        String what =
                "copy of %d bytes from %d to %d behind a head".formatted(bytes, source, target);
        return bytes > MOST_BYTES
                ? new IllegalArgumentException(what + ": at most " + MOST_BYTES)
                : new IndexOutOfBoundsException(what + " is not within the segments");
    }
}
