package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Takes away from this process what it does not need any more: capabilities, files, system calls,
 * new privileges, core dumps. Begins empty; what is still needed is said first, then {@link #enter}
 * closes it for every thread, for good. Confined to one thread.
 *
 * <p>io_uring is not seen by seccomp: each {@link IoUring} can from its start only do what its
 * class has methods for; whatever a ring opens, Landlock sees.
 */
public final class Sandbox {
    /** Privileges that may be kept. */
    public enum Capability {
        /** Changes interfaces of the host. */
        NET_ADMIN(12),
        /** Opens packet sockets. */
        NET_RAW(13);

        private final int number;

        Capability(int number) {
            this.number = number;
        }
    }

    /** Kinds of sockets that may still be made, besides unix sockets. */
    public enum Sockets {
        /** TCP, to listen at {@link #bind} ports. */
        INTERNET,
        /** Packet sockets. */
        PACKET;

        private List<Integer> domains() {
            return this == INTERNET
                    ? List.of(SandboxSpec.AF_INET, SandboxSpec.AF_INET6)
                    : List.of(PacketSpec.AF_PACKET);
        }
    }

    private static final String WHAT = "sandbox";

    private record Rule(Path path, long access, boolean mustBe) {}

    private final List<Rule> rules = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final Set<Integer> domains = new TreeSet<>(Set.of(SocketSpec.AF_UNIX));
    private final Set<Capability> kept = EnumSet.noneOf(Capability.class);
    private boolean abstractSockets;

    /** Leaves nothing yet but unix sockets and what needs no file. */
    public Sandbox() {}

    /** Files may be read, in and below a folder; nothing happens when it is not there. */
    public Sandbox read(Path path) {
        rules.add(new Rule(path, Landlock.READ, false));
        return this;
    }

    /** A file or device may be read and written. */
    public Sandbox write(Path path) {
        rules.add(new Rule(path, Landlock.READ | Landlock.WRITE, true));
        return this;
    }

    /** Regular files may be made and written in a folder. */
    public Sandbox make(Path folder) {
        rules.add(new Rule(folder, Landlock.MAKE | Landlock.WRITE, true));
        return this;
    }

    /** Files may be removed from a folder. */
    public Sandbox remove(Path folder) {
        rules.add(new Rule(folder, Landlock.REMOVE, true));
        return this;
    }

    /** A TCP port may be bound; 0: any free one. */
    public Sandbox bind(int port) {
        ports.add(port);
        return sockets(Sockets.INTERNET);
    }

    /** Sockets of this kind may be made. */
    public Sandbox sockets(Sockets kind) {
        domains.addAll(kind.domains());
        return this;
    }

    /** A privilege stays, if it is there. */
    public Sandbox keep(Capability capability) {
        kept.add(capability);
        return this;
    }

    /** Abstract unix sockets of other processes may be reached. */
    public Sandbox reachAbstractSockets() {
        abstractSockets = true;
        return this;
    }

    /**
     * Throws what {@link #enter} would throw because this kernel lacks something, before anything
     * else is done.
     */
    public static void requireSupport() throws LinuxException {
        int unused = Landlock.version();
        long seccomp = seccomp(SandboxSpec.SECCOMP_SET_MODE_FILTER, 0, MemorySegment.NULL);
        // A filter at the address 0 cannot be read: EFAULT says that there are filters.
        if (seccomp != -Errno.EFAULT) {
            throw new LinuxException(
                    "seccomp",
                    (int) -seccomp,
                    "a kernel built with CONFIG_SECCOMP_FILTER is needed");
        }
    }

    /**
     * Closes the sandbox around every thread of this process.
     *
     * @return what holds now, for people
     * @throws LinuxException when it cannot: some threads may be confined and others not, so the
     *     process should end
     */
    @SuppressWarnings("resource") // what must stay open does as long as the process
    public String enter() throws LinuxException {
        LinuxException.check(
                Libc.prctl(SandboxSpec.PR_SET_DUMPABLE, 0), WHAT + ": prctl PR_SET_DUMPABLE");
        try (Landlock landlock = Landlock.create(!abstractSockets)) {
            allowFiles(landlock);
            for (int port : ports) {
                landlock.allowBind(port);
            }
            long capabilities = ThreadStatus.permittedCapabilities() & keptMask();
            EveryThread.run(
                    List.of(
                            new EveryThread.Call(
                                    "prctl PR_SET_NO_NEW_PRIVS",
                                    SystemCall.PRCTL.number(),
                                    SandboxSpec.PR_SET_NO_NEW_PRIVS,
                                    1),
                            landlock.restrictSelf(),
                            setCapabilities(capabilities)));
            int instructions = filter();
            ThreadStatus.requireConfined(EveryThread.list(), capabilities);
            return "Landlock "
                    + landlock.abi()
                    + ", seccomp filter of "
                    + instructions
                    + " instructions, "
                    + (capabilities == 0 ? "no capabilities" : keptNames(capabilities));
        }
    }

    private void allowFiles(Landlock landlock) throws LinuxException {
        for (Rule rule : rules) {
            if (!rule.mustBe() && !Files.exists(rule.path())) {
                continue;
            }
            Fd place = landlock.allow(rule.path(), rule.access());
            if (!rule.path().equals(Path.of("/proc/self"))) {
                place.close();
            }
        }
    }

    private long keptMask() {
        return kept.stream().mapToLong(capability -> 1L << capability.number).sum();
    }

    private String keptNames(long capabilities) {
        return String.join(
                ", ",
                kept.stream()
                        .filter(capability -> (capabilities & (1L << capability.number)) != 0)
                        .map(capability -> "CAP_" + capability.name().toUpperCase(Locale.ROOT))
                        .toList());
    }

    private static EveryThread.Call setCapabilities(long mask) {
        // struct __user_cap_header_struct; two of struct __user_cap_data_struct
        Arena forever = Arena.global();
        MemorySegment header = forever.allocate(SandboxSpec.CAP_HEADER_SIZE, Integer.BYTES);
        header.set(JAVA_INT, 0, SandboxSpec.LINUX_CAPABILITY_VERSION_3);
        MemorySegment sets = forever.allocate(SandboxSpec.CAP_DATA_SIZE, Integer.BYTES);
        for (int half = 0; half < 2; half++) {
            int bits = (int) (mask >>> (Integer.SIZE * half));
            long at = half * 3L * Integer.BYTES;
            sets.set(JAVA_INT, at, bits);
            sets.set(JAVA_INT, at + Integer.BYTES, bits);
        }
        return new EveryThread.Call(
                SystemCall.CAPSET.text(),
                SystemCall.CAPSET.number(),
                header.address(),
                sets.address());
    }

    /** Has every thread filtered; returns the length of the filter. */
    private int filter() throws LinuxException {
        BpfProgram program =
                SystemCallFilter.program(Native.ARCH, domains, (int) ProcessHandle.current().pid());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = arena.allocate(SandboxSpec.FPROG_SIZE, Long.BYTES);
            filter.set(JAVA_SHORT, 0, (short) program.size());
            filter.set(ADDRESS, SandboxSpec.FPROG_FILTER, program.encode(arena));
            long result =
                    seccomp(
                            SandboxSpec.SECCOMP_SET_MODE_FILTER,
                            SandboxSpec.SECCOMP_FILTER_FLAG_TSYNC,
                            filter);
            LinuxException.check(result, WHAT + ": seccomp SECCOMP_SET_MODE_FILTER");
            if (result > 0) {
                throw new LinuxException(
                        WHAT + ": seccomp SECCOMP_SET_MODE_FILTER",
                        Errno.EBUSY,
                        "thread " + result + " has a filter that the others do not have");
            }
            return program.size();
        }
    }

    private static long seccomp(long operation, long flags, MemorySegment filter) {
        return CFunction.SYSCALL.call(
                SystemCall.SECCOMP.number(), operation, flags, filter.address());
    }
}
