package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The three system calls of io_uring(7), which return a negative error number on failure, and the
 * mapping of a ring.
 */
final class IoUringCalls {

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
        return (int)
                CFunction.SYSCALL.call(IoUringSpec.SYS_IO_URING_SETUP, entries, params.address());
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
        return (int)
                CFunction.SYSCALL.call(
                        state,
                        IoUringSpec.SYS_IO_URING_ENTER,
                        ring,
                        toSubmit,
                        minComplete,
                        flags,
                        argument,
                        argumentBytes);
    }

    /** io_uring_register(2). */
    static int register(int ring, int operation, MemorySegment argument, int count) {
        return (int)
                CFunction.SYSCALL.call(
                        IoUringSpec.SYS_IO_URING_REGISTER,
                        ring,
                        operation,
                        argument.address(),
                        count);
    }
}
