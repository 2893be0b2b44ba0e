package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A function of the C library that tells by a negative result and errno that it failed. A call
 * returns its result, or the negative error number; pointers are plain addresses. Any thread.
 *
 * <p>All functions are called in the same way, with seven arguments of 64 bits of which each reads
 * those that it has, and the lower halves of those that it takes for ints: so both architectures'
 * calling conventions have it, variadic functions too. A way of its own for each would be exact,
 * but every way costs a start 10 to 20 ms, for the JVM makes classes and code for it.
 *
 * @param isLong whether the result is a long, ssize_t or pointer: the upper half of an int's
 *     register is undefined
 */
record CFunction(MethodHandle handle, boolean isLong) {
    private static final FunctionDescriptor SEVEN_LONGS =
            FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG);

    /** syscall(2): the number first. */
    static final CFunction SYSCALL = ofLong("syscall");

    /** A function that returns an int. */
    static CFunction ofInt(String name) {
        return new CFunction(Native.function(name, SEVEN_LONGS), false);
    }

    /** A function that returns a long, an ssize_t or a pointer. */
    static CFunction ofLong(String name) {
        return new CFunction(Native.function(name, SEVEN_LONGS), true);
    }

    long call(long a) {
        return call(Native.state(), a, 0, 0, 0, 0, 0, 0);
    }

    long call(long a, long b) {
        return call(Native.state(), a, b, 0, 0, 0, 0, 0);
    }

    long call(long a, long b, long c) {
        return call(Native.state(), a, b, c, 0, 0, 0, 0);
    }

    long call(long a, long b, long c, long d) {
        return call(Native.state(), a, b, c, d, 0, 0, 0);
    }

    long call(long a, long b, long c, long d, long e) {
        return call(Native.state(), a, b, c, d, e, 0, 0);
    }

    long call(long a, long b, long c, long d, long e, long f) {
        return call(Native.state(), a, b, c, d, e, f, 0);
    }

    long call(long a, long b, long c, long d, long e, long f, long g) {
        return call(Native.state(), a, b, c, d, e, f, g);
    }

    /** With the calling thread's {@link Native#state()} at hand. */
    long call(MemorySegment state, long a, long b, long c, long d, long e, long f, long g) {
        try {
            long raw = (long) handle.invokeExact(state, a, b, c, d, e, f, g);
            long result = isLong ? raw : (int) raw;
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
