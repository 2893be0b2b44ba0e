package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;

/**
 * A userfaultfd(2) without power. Whoever holds such a descriptor may have the memory of the
 * process that made it wait, and may fill it: a front-end must never get one of ours. So a process
 * that does nothing else makes it ({@link #main}), sends it and ends: of an address space that is
 * gone nothing can be registered or filled, while waking, all that a front-end does with ours,
 * succeeds.
 */
public final class InertFaultFd {
    private static final int SYS_USERFAULTFD_X86_64 = 323;
    private static final int SYS_USERFAULTFD_AARCH64 = 282;
    private static final int O_CLOEXEC = 0x80000;

    /** No privilege is needed for faults in user mode only; here there are none at all. */
    private static final int UFFD_USER_MODE_ONLY = 1;

    private static final long UFFDIO_API = 0xc018aa3fL;
    private static final long UFFD_API = 0xaa;
    private static final int API_BYTES = 24;

    private static final MethodHandle SYSCALL =
            Native.variadic("syscall", 1, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT));

    private InertFaultFd() {}

    /**
     * What a process made for this does: makes a descriptor of its own address space, and sends it.
     *
     * @param arguments the path of a listening unix socket
     */
    public static void main(String[] arguments) throws LinuxException {
        try (UnixSocket socket = UnixSocket.connect(Path.of(arguments[0]));
                Fd fd = create();
                Arena arena = Arena.ofConfined()) {
            socket.send(arena.allocate(1), List.of(fd));
        }
    }

    private static Fd create() throws LinuxException {
        long number =
                Native.ARCH == Native.Arch.X86_64
                        ? SYS_USERFAULTFD_X86_64
                        : SYS_USERFAULTFD_AARCH64;
        MemorySegment state = Native.state();
        long result;
        try {
            int flags = O_CLOEXEC | Libc.O_NONBLOCK | UFFD_USER_MODE_ONLY;
            result = (long) SYSCALL.invokeExact(state, number, flags);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
        int fd =
                (int)
                        LinuxException.check(
                                result < 0 ? Native.error(state) : result, "userfaultfd");
        Fd made = Fd.adopt(fd);
        try (Arena arena = Arena.ofConfined()) {
            // The features that are asked for are none: zero.
            MemorySegment api = arena.allocate(API_BYTES, Long.BYTES);
            api.set(JAVA_LONG, 0, UFFD_API);
            LinuxException.check(
                    FileCalls.ioctl(fd, UFFDIO_API, api.address()), "ioctl UFFDIO_API");
            return made;
        } catch (LinuxException e) {
            made.close();
            throw e;
        }
    }
}
