package dev.ringside.shm;

import static dev.ringside.shm.SandboxSpec.DATA_ARCH;
import static dev.ringside.shm.SandboxSpec.DATA_ARGS;
import static dev.ringside.shm.SandboxSpec.DATA_NR;
import static dev.ringside.shm.SandboxSpec.SECCOMP_RET_ALLOW;
import static dev.ringside.shm.SandboxSpec.SECCOMP_RET_ERRNO;

import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * The system calls that a process in the sandbox may make, as a BPF program for seccomp(2). What is
 * not listed fails with EPERM; docs/adr/0013 says why it does not kill.
 */
final class SystemCallFilter {
    private static final int REFUSED = SECCOMP_RET_ERRNO | Errno.EPERM;

    /** The C library then takes clone, whose flags a filter can see. */
    private static final int UNKNOWN = SECCOMP_RET_ERRNO | Errno.ENOSYS;

    /** Numbers of x32, another way to call the same kernel. */
    private static final int X32 = 0x40000000;

    private static final int CLONE_THREAD = 0x10000;
    private static final int NEW_NAMESPACES = 0x7e020000;

    // asm-generic/ioctls.h: what the C library and the JDK ask of a descriptor.
    private static final int TCGETS = 0x5401;
    private static final int TIOCGWINSZ = 0x5413;
    private static final int FIONREAD = 0x541b;
    private static final int FIONBIO = 0x5421;

    /** What is allowed only with certain arguments, or not at all. */
    private static final Set<SystemCall> SPECIAL =
            EnumSet.of(
                    SystemCall.CLONE,
                    SystemCall.CLONE3,
                    SystemCall.SOCKET,
                    SystemCall.SOCKETPAIR,
                    SystemCall.IOCTL,
                    SystemCall.PRCTL,
                    SystemCall.KILL,
                    SystemCall.TGKILL,
                    SystemCall.PRLIMIT64,
                    SystemCall.IO_URING_REGISTER,
                    SystemCall.SECCOMP,
                    SystemCall.LANDLOCK_CREATE_RULESET,
                    SystemCall.LANDLOCK_ADD_RULE,
                    SystemCall.LANDLOCK_RESTRICT_SELF,
                    SystemCall.CAPSET);

    private final Native.Arch arch;
    private final BpfProgram program = new BpfProgram();

    private SystemCallFilter(Native.Arch arch) {
        this.arch = arch;
    }

    /**
     * Makes the program.
     *
     * @param domains address families of sockets that may be made
     * @param processId the only process that may be signalled
     */
    static BpfProgram program(Native.Arch arch, Set<Integer> domains, int processId) {
        SystemCallFilter filter = new SystemCallFilter(arch);
        filter.begin();
        for (SystemCall call : allowed()) {
            filter.allow(call, BpfProgram.just(SECCOMP_RET_ALLOW));
        }
        filter.allow(SystemCall.CLONE, threadsOnly());
        filter.allow(SystemCall.CLONE3, BpfProgram.just(UNKNOWN));
        filter.allow(SystemCall.SOCKET, oneOf(0, new TreeSet<>(domains)));
        filter.allow(SystemCall.SOCKETPAIR, oneOf(0, Set.of(SocketSpec.AF_UNIX)));
        filter.allow(SystemCall.KILL, oneOf(0, Set.of(processId)));
        filter.allow(SystemCall.TGKILL, oneOf(0, Set.of(processId)));
        filter.allow(SystemCall.PRLIMIT64, readingOwnLimits());
        filter.allow(
                SystemCall.PRCTL,
                oneOf(
                        0,
                        Set.of(
                                SandboxSpec.PR_SET_NAME,
                                SandboxSpec.PR_GET_NAME,
                                SandboxSpec.PR_SET_VMA)));
        filter.allow(SystemCall.IO_URING_REGISTER, oneOf(1, registrations()));
        filter.allow(SystemCall.IOCTL, oneOf(1, ioctls()));
        return filter.program.result(REFUSED);
    }

    private static Set<SystemCall> allowed() {
        return EnumSet.complementOf(EnumSet.copyOf(SPECIAL));
    }

    /** What rings are made and closed with; and not the credentials of another process. */
    private static Set<Integer> registrations() {
        return new TreeSet<>(
                Set.of(
                        IoUringSpec.IORING_REGISTER_EVENTFD,
                        IoUringSpec.IORING_REGISTER_RESTRICTIONS,
                        IoUringSpec.IORING_REGISTER_ENABLE_RINGS,
                        IoUringSpec.IORING_REGISTER_IOWQ_MAX_WORKERS,
                        IoUringSpec.IORING_REGISTER_RING_FDS,
                        IoUringSpec.IORING_UNREGISTER_RING_FDS));
    }

    private static Set<Integer> ioctls() {
        Set<Integer> codes = new TreeSet<>(Set.of(TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO));
        for (long code :
                new long[] {
                    FileSpec.BLKSSZGET,
                    FileSpec.BLKDISCARD,
                    FileSpec.BLKIOMIN,
                    FileSpec.BLKIOOPT,
                    FileSpec.BLKPBSZGET,
                    FileSpec.BLKSECDISCARD,
                    FileSpec.BLKZEROOUT,
                    FileSpec.BLKGETSIZE64,
                    TunSpec.TUNSETIFF,
                    TunSpec.TUNSETPERSIST,
                    TunSpec.TUNGETFEATURES,
                    TunSpec.TUNSETOFFLOAD,
                    TunSpec.TUNGETIFF,
                    TunSpec.TUNSETSNDBUF,
                    TunSpec.TUNGETVNETHDRSZ,
                    TunSpec.TUNSETVNETHDRSZ,
                    TunSpec.TUNSETQUEUE,
                    TunSpec.TUNSETVNETLE,
                    NetSpec.SIOCGIFNAME,
                    NetSpec.SIOCGIFFLAGS,
                    NetSpec.SIOCSIFFLAGS,
                    NetSpec.SIOCGIFMTU,
                    NetSpec.SIOCSIFMTU,
                    NetSpec.SIOCSIFHWADDR,
                    NetSpec.SIOCGIFHWADDR,
                    NetSpec.SIOCGIFINDEX,
                    NetSpec.SIOCETHTOOL
                }) {
            codes.add((int) code);
        }
        return codes;
    }

    private void begin() {
        boolean x86 = arch == Native.Arch.X86_64;
        program.load(DATA_ARCH)
                .unlessEqual(
                        (int)
                                (x86
                                        ? SandboxSpec.AUDIT_ARCH_X86_64
                                        : SandboxSpec.AUDIT_ARCH_AARCH64),
                        BpfProgram.just(REFUSED))
                .load(DATA_NR);
        if (x86) {
            program.ifAtLeast(X32, BpfProgram.just(REFUSED));
        }
    }

    /** For this call the program given decides, and must. */
    private void allow(SystemCall call, BpfProgram decision) {
        int number = call.number(arch);
        if (number >= 0) {
            program.ifEqual(number, decision);
        }
    }

    private static int low(int argument) {
        return DATA_ARGS + argument * Long.BYTES;
    }

    private static BpfProgram oneOf(int argument, Set<Integer> values) {
        BpfProgram decision = new BpfProgram().load(low(argument));
        for (int value : values) {
            decision.ifEqual(value, BpfProgram.just(SECCOMP_RET_ALLOW));
        }
        return decision.result(REFUSED);
    }

    private static BpfProgram threadsOnly() {
        return new BpfProgram()
                .load(low(0))
                .and(CLONE_THREAD | NEW_NAMESPACES)
                .ifEqual(CLONE_THREAD, BpfProgram.just(SECCOMP_RET_ALLOW))
                .result(REFUSED);
    }

    /** prlimit64(0, resource, NULL, old). */
    private static BpfProgram readingOwnLimits() {
        BpfProgram decision = new BpfProgram();
        for (int at : new int[] {low(0), low(2), low(2) + Integer.BYTES}) {
            decision.load(at).unlessEqual(0, BpfProgram.just(REFUSED));
        }
        return decision.result(SECCOMP_RET_ALLOW);
    }
}
