package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The three system calls of io_uring(7), which return a negative error number on failure, and the
 * mapping of a ring.
 */
final class IoUringCalls {
    private static final MethodHandle ENTER =
            Native.variadic(
                    "syscall",
                    1,
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
                            JAVA_LONG));
    private static final MethodHandle SETUP =
            Native.variadic(
                    "syscall", 1, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG));
    private static final MethodHandle REGISTER =
            Native.variadic(
                    "syscall",
                    1,
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));

    private IoUringCalls() {}

    /**
     * Maps what the kernel shares of a ring; to be unmapped by munmap(2).
     *
     * @param arena when it is closed nobody here touches the mapping any more
     * @param what how messages name it
     */
    static MemorySegment map(Fd ring, long bytes, long offset, Arena arena, String what)
            throws LinuxException {
        long address =
                LinuxException.check(
                        Libc.mmap(
                                0,
                                bytes,
                                Libc.PROT_READ | Libc.PROT_WRITE,
                                Libc.MAP_SHARED | Libc.MAP_POPULATE,
                                ring.number(),
                                offset),
                        what);
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    }

    /** io_uring_setup(2): the descriptor of a new ring. */
    static int setup(int entries, MemorySegment params) {
        MemorySegment state = Native.state();
        try {
            long result =
                    (long)
                            SETUP.invokeExact(
                                    state,
                                    IoUringSpec.SYS_IO_URING_SETUP,
                                    entries,
                                    params.address());
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** io_uring_enter(2): entries taken. */
    static int enter(
            MemorySegment state,
            int ring,
            int toSubmit,
            int minComplete,
            int flags,
            long argument,
            long argumentBytes) {
        try {
            long result =
                    (long)
                            ENTER.invokeExact(
                                    state,
                                    IoUringSpec.SYS_IO_URING_ENTER,
                                    ring,
                                    toSubmit,
                                    minComplete,
                                    flags,
                                    argument,
                                    argumentBytes);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** io_uring_register(2). */
    static int register(int ring, int operation, MemorySegment argument, int count) {
        MemorySegment state = Native.state();
        try {
            long result =
                    (long)
                            REGISTER.invokeExact(
                                    state,
                                    IoUringSpec.SYS_IO_URING_REGISTER,
                                    ring,
                                    operation,
                                    argument.address(),
                                    count);
            return result < 0 ? Native.error(state) : (int) result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
