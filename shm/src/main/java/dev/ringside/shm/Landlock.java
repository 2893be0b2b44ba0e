package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A set of Landlock rules (landlock(7)): what may still be opened, made, removed and bound. All
 * that this kernel can restrict is restricted, but for what a rule allows. Confined to one thread.
 */
final class Landlock implements AutoCloseable {
    /** Reading files, and the names in folders. */
    static final long READ =
            SandboxSpec.LANDLOCK_ACCESS_FS_READ_FILE | SandboxSpec.LANDLOCK_ACCESS_FS_READ_DIR;

    /** Writing files that are there, devices included. */
    static final long WRITE =
            SandboxSpec.LANDLOCK_ACCESS_FS_WRITE_FILE
                    | SandboxSpec.LANDLOCK_ACCESS_FS_TRUNCATE
                    | SandboxSpec.LANDLOCK_ACCESS_FS_IOCTL_DEV;

    /** Making regular files. */
    static final long MAKE = SandboxSpec.LANDLOCK_ACCESS_FS_MAKE_REG;

    /** Removing files. */
    static final long REMOVE = SandboxSpec.LANDLOCK_ACCESS_FS_REMOVE_FILE;

    /** What a rule for something that is no folder may have. */
    private static final long OF_FILES = SandboxSpec.LANDLOCK_ACCESS_FS_READ_FILE | WRITE;

    private static final int ABI_REFER = 2;
    private static final int ABI_TRUNCATE = 3;
    private static final int ABI_NET = 4;
    private static final int ABI_IOCTL = 5;
    private static final int ABI_SCOPE = 6;

    private static final int S_IFMT = 0xf000;
    private static final int S_IFDIR = 0x4000;
    private static final int O_PATH = 0x200000;

    private final int abi;
    private final Fd ruleset;

    private Landlock(int abi, Fd ruleset) {
        this.abi = abi;
        this.ruleset = ruleset;
    }

    /**
     * The kernel's version of Landlock.
     *
     * @throws LinuxException when there is none, with the way out
     */
    static int version() throws LinuxException {
        long result =
                syscall(
                        SystemCall.LANDLOCK_CREATE_RULESET,
                        0,
                        0,
                        SandboxSpec.LANDLOCK_CREATE_RULESET_VERSION,
                        0);
        if (result < 0) {
            throw new LinuxException("landlock_create_ruleset", (int) -result, hint((int) -result));
        }
        return (int) result;
    }

    private static String hint(int error) {
        return switch (error) {
            case Errno.ENOSYS ->
                    "this kernel is older than Linux 5.13, was built without Landlock, or a"
                            + " container's seccomp profile hides it";
            case Errno.EOPNOTSUPP ->
                    "Landlock is switched off: add landlock to the kernel's lsm= parameter";
            default -> "";
        };
    }

    /**
     * Begins with no rule.
     *
     * @param scoped whether abstract unix sockets of others are out of reach too, where the kernel
     *     can do that
     */
    static Landlock create(boolean scoped) throws LinuxException {
        int abi = version();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(SandboxSpec.RULESET_SIZE, Long.BYTES);
            attributes.set(JAVA_LONG, SandboxSpec.RULESET_FS, allFileAccess(abi));
            attributes.set(
                    JAVA_LONG,
                    SandboxSpec.RULESET_NET,
                    abi < ABI_NET
                            ? 0
                            : SandboxSpec.LANDLOCK_ACCESS_NET_BIND_TCP
                                    | SandboxSpec.LANDLOCK_ACCESS_NET_CONNECT_TCP);
            attributes.set(
                    JAVA_LONG,
                    SandboxSpec.RULESET_SCOPED,
                    abi < ABI_SCOPE || !scoped
                            ? 0
                            : SandboxSpec.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET);
            // Kernels take a longer structure than theirs when what they do not know is zero.
            long number =
                    syscall(
                            SystemCall.LANDLOCK_CREATE_RULESET,
                            attributes.address(),
                            SandboxSpec.RULESET_SIZE,
                            0,
                            0);
            LinuxException.check(number, "landlock_create_ruleset");
            return new Landlock(abi, Fd.adopt((int) number));
        }
    }

    /** The kernel's version. */
    int abi() {
        return abi;
    }

    private static long allFileAccess(int abi) {
        long all = (SandboxSpec.LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
        all |= abi < ABI_REFER ? 0 : SandboxSpec.LANDLOCK_ACCESS_FS_REFER;
        all |= abi < ABI_TRUNCATE ? 0 : SandboxSpec.LANDLOCK_ACCESS_FS_TRUNCATE;
        all |= abi < ABI_IOCTL ? 0 : SandboxSpec.LANDLOCK_ACCESS_FS_IOCTL_DEV;
        return all;
    }

    /**
     * Allows access to a file, or to all in and below a folder.
     *
     * @param access of this class's constants; what cannot be done with a file is left out
     * @return what the rule is about, open by O_PATH, the caller's: as long as it is open the
     *     kernel knows the place, even where names come and go, as in /proc
     */
    Fd allow(Path path, long access) throws LinuxException {
        int number = FileCalls.open(path.toString(), O_PATH | FileSpec.O_CLOEXEC);
        Fd place = Fd.adopt(LinuxException.check(number, "open " + path));
        try (Arena arena = Arena.ofConfined()) {
            boolean folder = (Statx.of(place).mode() & S_IFMT) == S_IFDIR;
            long possible = allFileAccess(abi) & (folder ? -1L : OF_FILES);
            MemorySegment rule = arena.allocate(SandboxSpec.PATH_BENEATH_SIZE, Long.BYTES);
            rule.set(JAVA_LONG, 0, access & possible);
            rule.set(JAVA_INT_UNALIGNED, SandboxSpec.PATH_BENEATH_FD, place.number());
            add(SandboxSpec.LANDLOCK_RULE_PATH_BENEATH, rule, path.toString());
            return place;
        } catch (LinuxException e) {
            place.close();
            throw e;
        }
    }

    /** Allows to bind a TCP socket to a port; 0: to any free one. */
    void allowBind(int port) throws LinuxException {
        if (abi < ABI_NET) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rule = arena.allocate(SandboxSpec.NET_PORT_SIZE, Long.BYTES);
            rule.set(JAVA_LONG, 0, SandboxSpec.LANDLOCK_ACCESS_NET_BIND_TCP);
            rule.set(JAVA_LONG, SandboxSpec.NET_PORT_PORT, port);
            add(SandboxSpec.LANDLOCK_RULE_NET_PORT, rule, "port " + port);
        }
    }

    private void add(int type, MemorySegment rule, String what) throws LinuxException {
        LinuxException.check(
                syscall(SystemCall.LANDLOCK_ADD_RULE, ruleset.number(), type, rule.address(), 0),
                "landlock_add_rule " + what);
    }

    /** What puts the rules in force on the thread that makes it. */
    EveryThread.Call restrictSelf() {
        return new EveryThread.Call(
                SystemCall.LANDLOCK_RESTRICT_SELF.text(),
                SystemCall.LANDLOCK_RESTRICT_SELF.number(),
                ruleset.number(),
                0);
    }

    private static long syscall(SystemCall call, long a, long b, long c, long d) {
        return CFunction.SYSCALL.call(call.number(), a, b, c, d);
    }

    @Override
    public void close() {
        ruleset.close();
    }
}
