package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The msghdr, iovec and control buffer of one socket, and the walk through SCM_RIGHTS. */
final class SocketMessage {
    private final MemorySegment header;
    private final MemorySegment iovec;
    private final MemorySegment control;
    private final int receiveControlBytes;

    SocketMessage(int maxReceivedFds) {
        Arena arena = Arena.ofAuto();
        header = arena.allocate(SocketSpec.MSGHDR_SIZE, Long.BYTES);
        iovec = arena.allocate(SocketSpec.IOVEC_SIZE, Long.BYTES);
        control =
                arena.allocate(
                        SocketSpec.cmsgSpace(SocketSpec.SCM_MAX_FD * Integer.BYTES), Long.BYTES);
        receiveControlBytes = SocketSpec.cmsgSpace(maxReceivedFds * Integer.BYTES);
    }

    int receive(int socket, MemorySegment into, ReceivedFds fds, FdKeeper keeper)
            throws LinuxException {
        prepare(into, receiveControlBytes);
        long result =
                SocketCalls.recvmsg(
                        socket,
                        header.address(),
                        SocketSpec.MSG_DONTWAIT | SocketSpec.MSG_CMSG_CLOEXEC);
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            return -Errno.EAGAIN;
        }
        LinuxException.check(result, "recvmsg fd " + socket);
        collect(fds, keeper);
        if ((header.get(JAVA_INT, SocketSpec.MSG_FLAGS) & SocketSpec.MSG_CTRUNC) != 0) {
            fds.close();
            throw new LinuxException(
                    "recvmsg fd " + socket,
                    Errno.EMSGSIZE,
                    "descriptors were cut off: the peer sent too many, or our limit of open files"
                            + " (ulimit -n) is reached");
        }
        return (int) result;
    }

    int send(int socket, MemorySegment bytes, List<Fd> fds) throws LinuxException {
        if (fds.size() > SocketSpec.SCM_MAX_FD) {
            throw new IllegalArgumentException(
                    fds.size() + " descriptors: at most " + SocketSpec.SCM_MAX_FD + " go together");
        }
        int data = fds.size() * Integer.BYTES;
        prepare(bytes, fds.isEmpty() ? 0 : SocketSpec.cmsgSpace(data));
        if (!fds.isEmpty()) {
            control.set(JAVA_LONG, SocketSpec.CMSG_LEN, SocketSpec.CMSG_DATA + data);
            control.set(JAVA_INT, SocketSpec.CMSG_LEVEL, SocketSpec.SOL_SOCKET);
            control.set(JAVA_INT, SocketSpec.CMSG_TYPE, SocketSpec.SCM_RIGHTS);
            for (int i = 0; i < fds.size(); i++) {
                long offset = SocketSpec.CMSG_DATA + (long) i * Integer.BYTES;
                control.set(JAVA_INT, offset, fds.get(i).number());
            }
        }
        long result =
                SocketCalls.sendmsg(
                        socket,
                        header.address(),
                        SocketSpec.MSG_DONTWAIT | SocketSpec.MSG_NOSIGNAL);
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            return -Errno.EAGAIN;
        }
        return (int) LinuxException.check(result, "sendmsg fd " + socket);
    }

    /** Without descriptors and without exceptions: the result or the negative error number. */
    int send(int socket, IoVectors pieces) {
        header.set(JAVA_LONG, SocketSpec.MSG_IOV, pieces.address());
        header.set(JAVA_LONG, SocketSpec.MSG_IOVLEN, pieces.count());
        header.set(JAVA_LONG, SocketSpec.MSG_CONTROL, 0);
        header.set(JAVA_LONG, SocketSpec.MSG_CONTROLLEN, 0);
        long result =
                SocketCalls.sendmsg(
                        socket,
                        header.address(),
                        SocketSpec.MSG_DONTWAIT | SocketSpec.MSG_NOSIGNAL);
        return result == -Errno.EINTR ? -Errno.EAGAIN : (int) result;
    }

    private void prepare(MemorySegment bytes, int controlBytes) {
        if (!bytes.isNative() || bytes.byteSize() == 0) {
            throw new IllegalArgumentException(
                    "a message needs native memory of at least one byte, not " + bytes);
        }
        iovec.set(JAVA_LONG, SocketSpec.IOVEC_BASE, bytes.address());
        iovec.set(JAVA_LONG, SocketSpec.IOVEC_LEN, Math.min(bytes.byteSize(), Integer.MAX_VALUE));
        header.set(JAVA_LONG, SocketSpec.MSG_IOV, iovec.address());
        header.set(JAVA_LONG, SocketSpec.MSG_IOVLEN, 1);
        header.set(JAVA_LONG, SocketSpec.MSG_CONTROL, controlBytes == 0 ? 0 : control.address());
        header.set(JAVA_LONG, SocketSpec.MSG_CONTROLLEN, controlBytes);
        header.set(JAVA_INT, SocketSpec.MSG_FLAGS, 0);
    }

    private void collect(ReceivedFds fds, FdKeeper keeper) {
        long end = Math.min(header.get(JAVA_LONG, SocketSpec.MSG_CONTROLLEN), control.byteSize());
        long at = 0;
        while (end - at >= SocketSpec.CMSG_DATA) {
            long length = control.get(JAVA_LONG, at + SocketSpec.CMSG_LEN);
            if (length < SocketSpec.CMSG_DATA || length > end - at) {
                return;
            }
            boolean rights =
                    control.get(JAVA_INT, at + SocketSpec.CMSG_LEVEL) == SocketSpec.SOL_SOCKET
                            && control.get(JAVA_INT, at + SocketSpec.CMSG_TYPE)
                                    == SocketSpec.SCM_RIGHTS;
            for (long i = at + SocketSpec.CMSG_DATA;
                    rights && i + Integer.BYTES <= at + length;
                    i += Integer.BYTES) {
                fds.add(Fd.adopt(control.get(JAVA_INT, i), keeper));
            }
            at += (length + SocketSpec.CMSG_ALIGN - 1) & -SocketSpec.CMSG_ALIGN;
        }
    }
}
