package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the filter decides, on both architectures. */
class SystemCallFilterTest {
    private static final int ALLOWED = SandboxSpec.SECCOMP_RET_ALLOW;
    private static final int REFUSED = SandboxSpec.SECCOMP_RET_ERRNO | Errno.EPERM;
    private static final int UNKNOWN = SandboxSpec.SECCOMP_RET_ERRNO | Errno.ENOSYS;
    private static final int PROCESS = 4711;
    private static final int THREAD_FLAGS = 0x3d0f00;
    private static final int CLONE_NEWUSER = 0x10000000;
    private static final int SIGCHLD = 17;
    private static final int TIOCSTI = 0x5412;

    private static BpfProgram program(Native.Arch arch) {
        return SystemCallFilter.program(arch, Set.of(SocketSpec.AF_UNIX), PROCESS);
    }

    private static int audit(Native.Arch arch) {
        return (int)
                (arch == Native.Arch.X86_64
                        ? SandboxSpec.AUDIT_ARCH_X86_64
                        : SandboxSpec.AUDIT_ARCH_AARCH64);
    }

    private static int decide(Native.Arch arch, SystemCall call, long... arguments) {
        return BpfMachine.run(program(arch), audit(arch), call.number(arch), arguments);
    }

    @ParameterizedTest
    @EnumSource
    void shouldAllowWhatServingNeeds(Native.Arch arch) {
        for (SystemCall call :
                EnumSet.of(
                        SystemCall.READ,
                        SystemCall.IO_URING_ENTER,
                        SystemCall.SENDMSG,
                        SystemCall.MMAP,
                        SystemCall.MPROTECT,
                        SystemCall.FUTEX,
                        SystemCall.EPOLL_PWAIT2,
                        SystemCall.EXIT_GROUP)) {
            assertEquals(ALLOWED, decide(arch, call), call.text());
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseEveryNumberThatIsNotListed(Native.Arch arch) {
        BpfProgram program = program(arch);
        int allowed = 0;
        for (int number = 0; number < 1024; number++) {
            int wanted = number;
            boolean listed =
                    EnumSet.allOf(SystemCall.class).stream()
                            .anyMatch(call -> call.number(arch) == wanted);
            if (!listed) {
                assertEquals(
                        REFUSED, BpfMachine.run(program, audit(arch), number), "call " + number);
            } else {
                allowed++;
            }
        }
        assertTrue(allowed > 100 && allowed < 150, "listed: " + allowed);
        assertEquals(REFUSED, BpfMachine.run(program, audit(arch), -1));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseCallsOfOtherArchitectures(Native.Arch arch) {
        int i386 = 0x40000003;
        assertEquals(REFUSED, BpfMachine.run(program(arch), i386, SystemCall.READ.number(arch)));
    }

    @Test
    void shouldRefuseTheX32WayIn() {
        int x32 = 0x40000000 | SystemCall.READ.number(Native.Arch.X86_64);
        assertEquals(
                REFUSED,
                BpfMachine.run(program(Native.Arch.X86_64), audit(Native.Arch.X86_64), x32));
    }

    @ParameterizedTest
    @EnumSource
    void shouldLetThreadsBeMadeAndNoProcesses(Native.Arch arch) {
        assertEquals(ALLOWED, decide(arch, SystemCall.CLONE, THREAD_FLAGS));
        assertEquals(REFUSED, decide(arch, SystemCall.CLONE, SIGCHLD));
        assertEquals(REFUSED, decide(arch, SystemCall.CLONE, THREAD_FLAGS | CLONE_NEWUSER));
        assertEquals(UNKNOWN, decide(arch, SystemCall.CLONE3));
    }

    @ParameterizedTest
    @EnumSource
    void shouldLookAtArguments(Native.Arch arch) {
        assertEquals(ALLOWED, decide(arch, SystemCall.SOCKET, SocketSpec.AF_UNIX));
        assertEquals(REFUSED, decide(arch, SystemCall.SOCKET, SandboxSpec.AF_INET));
        assertEquals(ALLOWED, decide(arch, SystemCall.TGKILL, PROCESS, 1, 9));
        assertEquals(REFUSED, decide(arch, SystemCall.TGKILL, 1, 1, 9));
        assertEquals(REFUSED, decide(arch, SystemCall.KILL, -1, 9));
        assertEquals(ALLOWED, decide(arch, SystemCall.PRLIMIT64, 0, 7, 0, 1));
        assertEquals(REFUSED, decide(arch, SystemCall.PRLIMIT64, 0, 7, 1L << 40, 0));
        assertEquals(REFUSED, decide(arch, SystemCall.PRLIMIT64, 1, 7, 0, 1));
        assertEquals(ALLOWED, decide(arch, SystemCall.IOCTL, 5, TunSpec.TUNSETQUEUE));
        assertEquals(REFUSED, decide(arch, SystemCall.IOCTL, 0, TIOCSTI));
        assertEquals(
                ALLOWED,
                decide(
                        arch,
                        SystemCall.IO_URING_REGISTER,
                        5,
                        IoUringSpec.IORING_UNREGISTER_RING_FDS));
        assertEquals(REFUSED, decide(arch, SystemCall.IO_URING_REGISTER, 5, 0));
    }

    @ParameterizedTest
    @EnumSource
    void shouldLetNothingOpenTheSandboxAgain(Native.Arch arch) {
        for (SystemCall call :
                EnumSet.of(
                        SystemCall.SECCOMP, SystemCall.LANDLOCK_RESTRICT_SELF, SystemCall.CAPSET)) {
            assertEquals(REFUSED, decide(arch, call), call.text());
        }
        assertEquals(REFUSED, decide(arch, SystemCall.PRCTL, SandboxSpec.PR_SET_DUMPABLE, 1));
    }
}
