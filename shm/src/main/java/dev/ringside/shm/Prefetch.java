package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Asks the processor for memory that will be needed soon, so that several misses of its caches
 * overlap. A hint: nothing is read, written or waited for, and an address that is not mapped does
 * no harm. Any thread; data path.
 */
public final class Prefetch {
    private static final long LINE_BYTES = 64;
    private static final FunctionDescriptor RANGE = FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor RANGES =
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle TO_READ;
    private static final MethodHandle TO_WRITE;
    private static final MethodHandle EACH_TO_READ;
    private static final MethodHandle EACH_TO_WRITE;

    static {
        long code = MachineCode.mapForClass(PrefetchCode.bytes(), "prefetch");
        TO_READ = Native.code(code, RANGE);
        TO_WRITE = Native.code(code + PrefetchCode.TO_WRITE, RANGE);
        EACH_TO_READ = Native.code(code + PrefetchCode.EACH_TO_READ, RANGES);
        EACH_TO_WRITE = Native.code(code + PrefetchCode.EACH_TO_WRITE, RANGES);
    }

    private Prefetch() {}

    /**
     * Asks for what will be read.
     *
     * @param address host address of the first byte, see {@link MemorySegment#address}
     * @param bytes more than 0; each 64 of them take a place in a short queue of the processor
     */
    public static void toRead(long address, long bytes) {
        long lead = address & (LINE_BYTES - 1);
        try {
            TO_READ.invokeExact(address - lead, bytes + lead);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Like {@link #toRead} for what will be written: other processors' copies are asked for. */
    public static void toWrite(long address, long bytes) {
        long lead = address & (LINE_BYTES - 1);
        try {
            TO_WRITE.invokeExact(address - lead, bytes + lead);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Asks for what will be read in several places.
     *
     * @param addresses host addresses, as 64-bit words; the segment may be of an array
     * @param count how many there are, more than 0
     * @param bytes how many bytes in each place, more than 0
     */
    public static void eachToRead(MemorySegment addresses, long count, long bytes) {
        try {
            EACH_TO_READ.invokeExact(addresses, count, bytes);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Like {@link #eachToRead} for what will be written. */
    public static void eachToWrite(MemorySegment addresses, long count, long bytes) {
        try {
            EACH_TO_WRITE.invokeExact(addresses, count, bytes);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
