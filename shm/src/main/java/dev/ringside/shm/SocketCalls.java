package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The socket calls. Each returns its result or the negative error number. Any thread. */
final class SocketCalls {

    private static final CFunction SOCKET = CFunction.ofInt("socket");
    private static final CFunction SOCKETPAIR = CFunction.ofInt("socketpair");
    private static final CFunction BIND = CFunction.ofInt("bind");
    private static final CFunction CONNECT = CFunction.ofInt("connect");
    private static final CFunction LISTEN = CFunction.ofInt("listen");
    private static final CFunction ACCEPT4 = CFunction.ofInt("accept4");
    private static final CFunction GETSOCKOPT = CFunction.ofInt("getsockopt");
    private static final CFunction SETSOCKOPT = CFunction.ofInt("setsockopt");
    private static final CFunction SENDMSG = CFunction.ofLong("sendmsg");
    private static final CFunction RECVMSG = CFunction.ofLong("recvmsg");
    private static final CFunction SENDTO = CFunction.ofLong("sendto");
    private static final CFunction RECV = CFunction.ofLong("recv");
    private static final CFunction SHUTDOWN = CFunction.ofInt("shutdown");
    private static final CFunction FCHMOD = CFunction.ofInt("fchmod");

    private SocketCalls() {}

    static int socket(int type) {
        return socket(SocketSpec.AF_UNIX, type, 0);
    }

    static int socket(int family, int type, int protocol) {
        return (int) SOCKET.call(family, type, protocol);
    }

    /** Writes two descriptors (int) to the segment. */
    static int socketpair(int type, MemorySegment pair) {
        return (int) SOCKETPAIR.call(SocketSpec.AF_UNIX, type, 0, pair.address());
    }

    static int bind(int fd, MemorySegment address) {
        return (int) BIND.call(fd, address.address(), address.byteSize());
    }

    static int connect(int fd, MemorySegment address) {
        return (int) CONNECT.call(fd, address.address(), address.byteSize());
    }

    static int listen(int fd, int backlog) {
        return (int) LISTEN.call(fd, backlog);
    }

    static int accept(int fd) {
        int flags = SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC;
        return (int) ACCEPT4.call(fd, 0L, 0L, flags);
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
        return (int) GETSOCKOPT.call(fd, level, option, value, length);
    }

    /** Sets an option to what the segment holds. */
    static int setOption(int fd, int level, int option, MemorySegment value) {
        return (int) SETSOCKOPT.call(fd, level, option, value.address(), value.byteSize());
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
        return SENDMSG.call(fd, message, flags);
    }

    static long recvmsg(int fd, long message, int flags) {
        return RECVMSG.call(fd, message, flags);
    }

    static long recv(int fd, long address, long length, int flags) {
        return RECV.call(fd, address, length, flags);
    }

    static int shutdown(int fd, int how) {
        return (int) SHUTDOWN.call(fd, how);
    }

    static long sendto(int fd, MemorySegment bytes, MemorySegment address) {
        return SENDTO.call(
                fd,
                bytes.address(),
                bytes.byteSize(),
                SocketSpec.MSG_NOSIGNAL,
                address.address(),
                address.byteSize());
    }

    static int fchmod(int fd, int mode) {
        return (int) FCHMOD.call(fd, mode);
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
