package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The socket calls. Each returns its result or the negative error number. Any thread. */
final class SocketCalls {
    private static final FunctionDescriptor THREE_INTS =
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final FunctionDescriptor ADDRESS =
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final FunctionDescriptor MESSAGE =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);

    private static final MethodHandle SOCKET = Native.function("socket", THREE_INTS);
    private static final MethodHandle SOCKETPAIR =
            Native.function(
                    "socketpair",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle BIND = Native.function("bind", ADDRESS);
    private static final MethodHandle CONNECT = Native.function("connect", ADDRESS);
    private static final MethodHandle LISTEN =
            Native.function("listen", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle ACCEPT4 =
            Native.function(
                    "accept4",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle GETSOCKOPT =
            Native.function(
                    "getsockopt",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle SETSOCKOPT =
            Native.function(
                    "setsockopt",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SENDMSG = Native.function("sendmsg", MESSAGE);
    private static final MethodHandle RECVMSG = Native.function("recvmsg", MESSAGE);
    private static final MethodHandle SENDTO =
            Native.function(
                    "sendto",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG,
                            JAVA_INT));
    private static final MethodHandle RECV =
            Native.function(
                    "recv",
                    FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SHUTDOWN =
            Native.function("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle FCHMOD =
            Native.function("fchmod", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

    private SocketCalls() {}

    static int socket(int type) {
        return socket(SocketSpec.AF_UNIX, type, 0);
    }

    static int socket(int family, int type, int protocol) {
        MemorySegment state = Native.state();
        try {
            int result = (int) SOCKET.invokeExact(state, family, type, protocol);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Writes two descriptors (int) to the segment. */
    static int socketpair(int type, MemorySegment pair) {
        MemorySegment state = Native.state();
        try {
            int result =
                    (int)
                            SOCKETPAIR.invokeExact(
                                    state, SocketSpec.AF_UNIX, type, 0, pair.address());
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int bind(int fd, MemorySegment address) {
        MemorySegment state = Native.state();
        try {
            int result =
                    (int) BIND.invokeExact(state, fd, address.address(), (int) address.byteSize());
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int connect(int fd, MemorySegment address) {
        MemorySegment state = Native.state();
        try {
            int result =
                    (int)
                            CONNECT.invokeExact(
                                    state, fd, address.address(), (int) address.byteSize());
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int listen(int fd, int backlog) {
        MemorySegment state = Native.state();
        try {
            int result = (int) LISTEN.invokeExact(state, fd, backlog);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int accept(int fd) {
        MemorySegment state = Native.state();
        try {
            int flags = SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC;
            int result = (int) ACCEPT4.invokeExact(state, fd, 0L, 0L, flags);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Reads a SOL_SOCKET option into the segment, which must be as long as the option is. */
    static int getOption(int fd, int option, MemorySegment value) {
        return getOption(fd, SocketSpec.SOL_SOCKET, option, value);
    }

    /** Reads an option into the segment, which must be as long as the option is. */
    static int getOption(int fd, int level, int option, MemorySegment value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) value.byteSize());
            return getOption(fd, level, option, value.address(), length.address());
        }
    }

    /** Reads an option; {@code length} is the address of an int: how long, and how long it was. */
    static int getOption(int fd, int level, int option, long value, long length) {
        MemorySegment state = Native.state();
        try {
            int result = (int) GETSOCKOPT.invokeExact(state, fd, level, option, value, length);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Sets an option to what the segment holds. */
    static int setOption(int fd, int level, int option, MemorySegment value) {
        MemorySegment state = Native.state();
        try {
            int result =
                    (int)
                            SETSOCKOPT.invokeExact(
                                    state,
                                    fd,
                                    level,
                                    option,
                                    value.address(),
                                    (int) value.byteSize());
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** The value of an int SOL_SOCKET option. */
    static int intOption(int fd, int option) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            int result = getOption(fd, option, value);
            return result < 0 ? result : value.get(JAVA_INT, 0);
        }
    }

    static long sendmsg(int fd, long message, int flags) {
        MemorySegment state = Native.state();
        try {
            long result = (long) SENDMSG.invokeExact(state, fd, message, flags);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static long recvmsg(int fd, long message, int flags) {
        MemorySegment state = Native.state();
        try {
            long result = (long) RECVMSG.invokeExact(state, fd, message, flags);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static long recv(int fd, long address, long length, int flags) {
        MemorySegment state = Native.state();
        try {
            long result = (long) RECV.invokeExact(state, fd, address, length, flags);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int shutdown(int fd, int how) {
        MemorySegment state = Native.state();
        try {
            int result = (int) SHUTDOWN.invokeExact(state, fd, how);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static long sendto(int fd, MemorySegment bytes, MemorySegment address) {
        MemorySegment state = Native.state();
        try {
            long result =
                    (long)
                            SENDTO.invokeExact(
                                    state,
                                    fd,
                                    bytes.address(),
                                    bytes.byteSize(),
                                    SocketSpec.MSG_NOSIGNAL,
                                    address.address(),
                                    (int) address.byteSize());
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    static int fchmod(int fd, int mode) {
        MemorySegment state = Native.state();
        try {
            int result = (int) FCHMOD.invokeExact(state, fd, mode);
            return result < 0 ? Native.error(state) : result;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * A sockaddr_un for a path (with its final NUL) or, when the name's first byte is 0, for a name
     * in the abstract name space (exactly as long as it is).
     *
     * @throws LinuxException ENAMETOOLONG
     */
    static MemorySegment address(Arena arena, byte[] name, String call) throws LinuxException {
        boolean isAbstract = name.length > 0 && name[0] == 0;
        int limit = isAbstract ? SocketSpec.SUN_PATH_SIZE : SocketSpec.SUN_PATH_SIZE - 1;
        if (name.length == 0 || name.length > limit) {
            throw new LinuxException(
                    call,
                    Errno.ENAMETOOLONG,
                    "a socket's path has 1 to "
                            + limit
                            + " bytes, this one "
                            + name.length
                            + "; choose a shorter directory");
        }
        int size = SocketSpec.SUN_PATH + name.length + (isAbstract ? 0 : 1);
        MemorySegment address = arena.allocate(size, Short.BYTES);
        address.set(JAVA_SHORT, 0, (short) SocketSpec.AF_UNIX);
        MemorySegment.copy(name, 0, address, JAVA_BYTE, SocketSpec.SUN_PATH, name.length);
        return address;
    }
}
