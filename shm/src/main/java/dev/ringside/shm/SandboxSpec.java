package dev.ringside.shm;

/**
 * Constants and layouts of linux/landlock.h, seccomp.h, audit.h, prctl.h, capability.h; checked
 * against the C compiler by a test as far as its headers have them.
 */
final class SandboxSpec {
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    static final int PR_SET_DUMPABLE = 4;
    static final int PR_SET_NAME = 15;
    static final int PR_GET_NAME = 16;
    static final int PR_SET_NO_NEW_PRIVS = 38;
    static final int PR_SET_VMA = 0x53564d41;

    static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    static final int CAP_HEADER_SIZE = 8;
    static final int CAP_DATA_SIZE = 24;

    static final long AUDIT_ARCH_X86_64 = 0xc000003eL;
    static final long AUDIT_ARCH_AARCH64 = 0xc00000b7L;

    static final int SECCOMP_SET_MODE_FILTER = 1;
    static final int SECCOMP_FILTER_FLAG_TSYNC = 1;
    static final int SECCOMP_RET_ALLOW = 0x7fff0000;
    static final int SECCOMP_RET_ERRNO = 0x00050000;

    // struct seccomp_data
    static final int DATA_NR = 0;
    static final int DATA_ARCH = 4;
    static final int DATA_ARGS = 16;

    // struct sock_fprog
    static final int FPROG_FILTER = 8;
    static final int FPROG_SIZE = 16;

    static final int LANDLOCK_CREATE_RULESET_VERSION = 1;
    static final int LANDLOCK_RULE_PATH_BENEATH = 1;
    static final int LANDLOCK_RULE_NET_PORT = 2;
    static final long LANDLOCK_ACCESS_FS_WRITE_FILE = 1 << 1;
    static final long LANDLOCK_ACCESS_FS_READ_FILE = 1 << 2;
    static final long LANDLOCK_ACCESS_FS_READ_DIR = 1 << 3;
    static final long LANDLOCK_ACCESS_FS_REMOVE_FILE = 1 << 5;
    static final long LANDLOCK_ACCESS_FS_MAKE_REG = 1 << 8;
    static final long LANDLOCK_ACCESS_FS_MAKE_SYM = 1 << 12;
    static final long LANDLOCK_ACCESS_FS_REFER = 1 << 13;
    static final long LANDLOCK_ACCESS_FS_TRUNCATE = 1 << 14;
    static final long LANDLOCK_ACCESS_FS_IOCTL_DEV = 1 << 15;
    static final long LANDLOCK_ACCESS_NET_BIND_TCP = 1;
    static final long LANDLOCK_ACCESS_NET_CONNECT_TCP = 1 << 1;
    static final long LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1;

    // struct landlock_ruleset_attr
    static final int RULESET_FS = 0;
    static final int RULESET_NET = 8;
    static final int RULESET_SCOPED = 16;
    static final int RULESET_SIZE = 24;

    // struct landlock_path_beneath_attr, packed; struct landlock_net_port_attr
    static final int PATH_BENEATH_FD = 8;
    static final int PATH_BENEATH_SIZE = 12;
    static final int NET_PORT_PORT = 8;
    static final int NET_PORT_SIZE = 16;

    private SandboxSpec() {}
}
