package dev.ringside.shm;

import java.util.Locale;

/** System calls that filters name, with their numbers; -1 where an architecture has none. */
enum SystemCall {
    READ(0, 63),
    WRITE(1, 64),
    READV(19, 65),
    WRITEV(20, 66),
    PREAD64(17, 67),
    PWRITE64(18, 68),
    PREADV(295, 69),
    PWRITEV(296, 70),
    PREADV2(327, 286),
    PWRITEV2(328, 287),
    LSEEK(8, 62),
    CLOSE(3, 57),
    FCNTL(72, 25),
    DUP(32, 23),
    // The JDK wakes who waits at a socket that is closed by putting another in its place.
    DUP2(33, -1),
    DUP3(292, 24),
    PIPE2(293, 59),
    IOCTL(16, 29),
    OPEN(2, -1),
    OPENAT(257, 56),
    STAT(4, -1),
    FSTAT(5, 80),
    LSTAT(6, -1),
    NEWFSTATAT(262, 79),
    STATX(332, 291),
    ACCESS(21, -1),
    FACCESSAT(269, 48),
    FACCESSAT2(439, 439),
    READLINK(89, -1),
    READLINKAT(267, 78),
    GETDENTS64(217, 61),
    GETCWD(79, 17),
    STATFS(137, 43),
    FSTATFS(138, 44),
    UNLINK(87, -1),
    UNLINKAT(263, 35),
    FTRUNCATE(77, 46),
    FALLOCATE(285, 47),
    FSYNC(74, 82),
    FDATASYNC(75, 83),
    FLOCK(73, 32),
    MMAP(9, 222),
    MUNMAP(11, 215),
    MPROTECT(10, 226),
    MREMAP(25, 216),
    MADVISE(28, 233),
    MINCORE(27, 232),
    BRK(12, 214),
    MEMFD_CREATE(319, 279),
    MEMBARRIER(324, 283),
    MBIND(237, 235),
    SET_MEMPOLICY(238, 237),
    GET_MEMPOLICY(239, 236),
    SOCKET(41, 198),
    SOCKETPAIR(53, 199),
    BIND(49, 200),
    LISTEN(50, 201),
    ACCEPT(43, 202),
    ACCEPT4(288, 242),
    CONNECT(42, 203),
    SENDTO(44, 206),
    RECVFROM(45, 207),
    SENDMSG(46, 211),
    RECVMSG(47, 212),
    SHUTDOWN(48, 210),
    GETSOCKNAME(51, 204),
    GETPEERNAME(52, 205),
    SETSOCKOPT(54, 208),
    GETSOCKOPT(55, 209),
    EPOLL_CREATE1(291, 20),
    EPOLL_CTL(233, 21),
    EPOLL_WAIT(232, -1),
    EPOLL_PWAIT(281, 22),
    EPOLL_PWAIT2(441, 441),
    EVENTFD2(290, 19),
    POLL(7, -1),
    PPOLL(271, 73),
    SELECT(23, -1),
    PSELECT6(270, 72),
    IO_URING_SETUP(425, 425),
    IO_URING_ENTER(426, 426),
    IO_URING_REGISTER(427, 427),
    CLONE(56, 220),
    CLONE3(435, 435),
    EXIT(60, 93),
    EXIT_GROUP(231, 94),
    FUTEX(202, 98),
    SET_ROBUST_LIST(273, 99),
    RSEQ(334, 293),
    SCHED_YIELD(24, 124),
    SCHED_GETAFFINITY(204, 123),
    SCHED_SETAFFINITY(203, 122),
    GETPID(39, 172),
    GETTID(186, 178),
    GETUID(102, 174),
    GETEUID(107, 175),
    GETGID(104, 176),
    GETEGID(108, 177),
    GETCPU(309, 168),
    RT_SIGACTION(13, 134),
    RT_SIGPROCMASK(14, 135),
    RT_SIGRETURN(15, 139),
    SIGALTSTACK(131, 132),
    RESTART_SYSCALL(219, 128),
    KILL(62, 129),
    TGKILL(234, 131),
    NANOSLEEP(35, 101),
    CLOCK_NANOSLEEP(230, 115),
    CLOCK_GETTIME(228, 113),
    CLOCK_GETRES(229, 114),
    GETTIMEOFDAY(96, 169),
    TIME(201, -1),
    GETRUSAGE(98, 165),
    SYSINFO(99, 179),
    UNAME(63, 160),
    GETRANDOM(318, 278),
    PRLIMIT64(302, 261),
    PRCTL(157, 167),
    SECCOMP(317, 277),
    LANDLOCK_CREATE_RULESET(444, 444),
    LANDLOCK_ADD_RULE(445, 445),
    LANDLOCK_RESTRICT_SELF(446, 446),
    CAPSET(126, 91);

    private final int x86;
    private final int aarch64;

    SystemCall(int x86, int aarch64) {
        this.x86 = x86;
        this.aarch64 = aarch64;
    }

    /** The number on this machine; negative: it has no such call. */
    int number() {
        return number(Native.ARCH);
    }

    /** The number on an architecture; negative: it has no such call. */
    int number(Native.Arch arch) {
        return arch == Native.Arch.X86_64 ? x86 : aarch64;
    }

    /** The name as in section 2 of the manual. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
