package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.function.ToLongFunction;

/** Every way in which code touches guest memory; each runs on a whole segment of {@link #BYTES}. */
enum FaultShape {
    GET_BYTE(s -> s.get(JAVA_BYTE, 8)),
    GET_SHORT(s -> s.get(JAVA_SHORT, 8)),
    GET_INT(s -> s.get(JAVA_INT, 8) ^ 5),
    // C2 makes one sign-extending load of it, which the JVM alone does not survive.
    GET_INT_AS_LONG(s -> s.get(JAVA_INT, 8)),
    GET_UNSIGNED_INT(s -> s.get(JAVA_INT, 8) & 0xffffffffL),
    GET_LONG(s -> s.get(JAVA_LONG, 8)),
    SET_BYTE(s -> set(s, () -> s.set(JAVA_BYTE, 8, (byte) 1))),
    SET_SHORT(s -> set(s, () -> s.set(JAVA_SHORT, 8, (short) 1))),
    SET_INT(s -> set(s, () -> s.set(JAVA_INT, 8, 1))),
    SET_LONG(s -> set(s, () -> s.set(JAVA_LONG, 8, 1))),
    GET_ACQUIRE(s -> (short) Handles.SHORT.getAcquire(s, 8L)),
    GET_VOLATILE(s -> (long) Handles.LONG.getVolatile(s, 8L)),
    SET_RELEASE_SHORT(s -> set(s, () -> Handles.SHORT.setRelease(s, 8L, (short) 1))),
    SET_RELEASE_INT(s -> set(s, () -> Handles.INT.setRelease(s, 8L, 1))),
    SET_RELEASE_LONG(s -> set(s, () -> Handles.LONG.setRelease(s, 8L, 1L))),
    SET_VOLATILE(s -> set(s, () -> Handles.INT.setVolatile(s, 8L, 1))),
    CAS_INT(s -> Handles.INT.compareAndSet(s, 8L, 0, 1) ? 1 : 0),
    CAS_LONG(s -> Handles.LONG.compareAndSet(s, 8L, 0L, 1L) ? 1 : 0),
    GET_AND_ADD(s -> (int) Handles.INT.getAndAdd(s, 8L, 1)),
    GET_AND_SET(s -> (long) Handles.LONG.getAndSet(s, 8L, 1L)),
    GET_AND_OR(s -> (int) Handles.INT.getAndBitwiseOr(s, 8L, 1)),
    COPY_IN(s -> set(s, () -> MemorySegment.copy(Handles.OTHER, 0, s, 0, FaultShape.BYTES))),
    COPY_OUT(s -> set(s, () -> MemorySegment.copy(s, 0, Handles.OTHER, 0, FaultShape.BYTES))),
    COPY_OUT_SMALL(s -> set(s, () -> MemorySegment.copy(s, 3, Handles.OTHER, 0, 13))),
    COPY_TO_ARRAY(s -> set(s, () -> MemorySegment.copy(s, JAVA_BYTE, 0, Handles.ARRAY, 0, 4096))),
    COPY_FROM_ARRAY(s -> set(s, () -> MemorySegment.copy(Handles.ARRAY, 0, s, JAVA_BYTE, 0, 4096))),
    TO_ARRAY(s -> s.toArray(JAVA_BYTE).length),
    FILL(s -> s.fill((byte) 0).byteSize()),
    MISMATCH(s -> s.mismatch(Handles.OTHER)),
    BYTE_BUFFER_GET(s -> s.asByteBuffer().getInt(8)),
    BYTE_BUFFER_PUT(s -> s.asByteBuffer().putLong(8, 1).capacity()),
    SUM(FaultShape::sum),
    MEMCPY_IN(s -> Handles.memcpy(s.address(), Handles.OTHER.address())),
    MEMCPY_OUT(s -> Handles.memcpy(Handles.OTHER.address(), s.address()));

    /** The size of the segment that a shape needs. */
    static final int BYTES = 8192;

    @SuppressWarnings("ImmutableEnumChecker")
    private final ToLongFunction<MemorySegment> access;

    FaultShape(ToLongFunction<MemorySegment> access) {
        this.access = access;
    }

    long touch(MemorySegment segment) {
        return access.applyAsLong(segment);
    }

    private static long set(MemorySegment segment, Runnable action) {
        action.run();
        return segment.byteSize();
    }

    private static long sum(MemorySegment segment) {
        int sum = 0;
        for (long i = 0; i < BYTES; i += Integer.BYTES) {
            sum += segment.get(JAVA_INT, i);
        }
        return sum;
    }

    /** What the accesses need, made before any of them runs. */
    private static final class Handles {
        static final VarHandle SHORT = JAVA_SHORT.varHandle();
        static final VarHandle INT = JAVA_INT.varHandle();
        static final VarHandle LONG = JAVA_LONG.varHandle();
        static final MemorySegment OTHER = Arena.global().allocate(BYTES, Long.BYTES);
        static final byte[] ARRAY = new byte[BYTES];
        private static final Linker LINKER = Linker.nativeLinker();
        private static final MethodHandle MEMCPY =
                LINKER.downcallHandle(
                        LINKER.defaultLookup().findOrThrow("memcpy"),
                        FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

        static long memcpy(long to, long from) {
            try {
                return (long) MEMCPY.invokeExact(to, from, (long) BYTES);
            } catch (Throwable t) {
                throw new IllegalStateException(t);
            }
        }
    }
}
