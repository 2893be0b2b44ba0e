package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * Copies much at once. The C library's memcpy writes whole cache lines of a target without reading
 * them first where the processor can; the JVM's copy does not. Any thread; data path.
 */
public final class BulkCopy {
    /** Below this the JVM's copy, which needs no call, is as fast. */
    private static final long LEAST_BYTES = 2048;

    /** No safepoint comes within a call: what is longer takes several. */
    private static final long MOST_BYTES = 256 << 10;

    private static final MethodHandle MEMCPY =
            Native.leaf(
                    "memcpy", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private BulkCopy() {}

    /**
     * Like {@link MemorySegment#copy(MemorySegment, long, MemorySegment, long, long)} of ranges
     * that do not overlap. The caller knows that nobody closes the segments meanwhile.
     *
     * @throws IndexOutOfBoundsException for a range that is not inside its segment
     * @throws IllegalStateException when a segment was closed
     */
    public static void copy(
            MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long bytes) {
        if (bytes < LEAST_BYTES || !from.isNative() || !to.isNative()) {
            MemorySegment.copy(from, fromOffset, to, toOffset, bytes);
            return;
        }
        check(from, fromOffset, bytes);
        check(to, toOffset, bytes);
        long source = from.address() + fromOffset;
        long target = to.address() + toOffset;
        for (long done = 0; done < bytes; done += MOST_BYTES) {
            call(target + done, source + done, Math.min(MOST_BYTES, bytes - done));
        }
    }

    private static void check(MemorySegment segment, long offset, long bytes) {
        Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("Already closed");
        }
    }

    private static void call(long target, long source, long bytes) {
        try {
            long copied = (long) MEMCPY.invokeExact(target, source, bytes);
            assert copied == target;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
