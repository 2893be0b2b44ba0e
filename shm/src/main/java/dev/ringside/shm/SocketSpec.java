package dev.ringside.shm;

/** Constants and layouts of sys/socket.h and sys/un.h; checked against the C compiler by a test. */
final class SocketSpec {
    static final int AF_UNIX = 1;
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_NONBLOCK = 0x800;
    static final int SOCK_CLOEXEC = 0x80000;

    static final int SOL_SOCKET = 1;
    static final int SO_TYPE = 3;
    static final int SO_ERROR = 4;
    static final int SO_PEERCRED = 17;
    static final int SO_ACCEPTCONN = 30;
    static final int SO_DOMAIN = 39;
    static final int SO_PEERGROUPS = 59;
    static final int SCM_RIGHTS = 1;

    static final int SHUT_RDWR = 2;

    static final int MSG_CTRUNC = 8;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int MSG_CMSG_CLOEXEC = 0x40000000;

    /** The kernel takes and gives at most so many descriptors with one message (SCM_MAX_FD). */
    static final int SCM_MAX_FD = 253;

    // struct sockaddr_un
    static final int SUN_PATH = 2;
    static final int SUN_PATH_SIZE = 108;
    static final int SOCKADDR_UN_SIZE = 110;

    // struct iovec
    static final int IOVEC_BASE = 0;
    static final int IOVEC_LEN = 8;
    static final int IOVEC_SIZE = 16;

    // struct msghdr
    static final int MSG_IOV = 16;
    static final int MSG_IOVLEN = 24;
    static final int MSG_CONTROL = 32;
    static final int MSG_CONTROLLEN = 40;
    static final int MSG_FLAGS = 48;
    static final int MSGHDR_SIZE = 56;

    // struct cmsghdr
    static final int CMSG_LEN = 0;
    static final int CMSG_LEVEL = 8;
    static final int CMSG_TYPE = 12;
    static final int CMSG_DATA = 16;
    static final int CMSG_ALIGN = 8;

    // struct ucred
    static final int UCRED_PID = 0;
    static final int UCRED_UID = 4;
    static final int UCRED_GID = 8;
    static final int UCRED_SIZE = 12;

    private SocketSpec() {}

    /** CMSG_SPACE: a control message with so many bytes of data, padding included. */
    static int cmsgSpace(int dataBytes) {
        return CMSG_DATA + ((dataBytes + CMSG_ALIGN - 1) & -CMSG_ALIGN);
    }
}
