package dev.ringside.shm;

import java.nio.file.Path;

/**
 * The calling (platform) thread's stay in another network namespace (network_namespaces(7)). What
 * it opens there, sockets and interfaces, goes on to belong there when the thread has left.
 *
 * <p>Confined to the thread that entered, which must {@link #close} to come back.
 */
public final class NetNamespace implements AutoCloseable {
    private static final Path CURRENT = Path.of("/proc/thread-self/ns/net");
    private static final Path NAMED = Path.of("/run/netns");
    private static final CFunction SETNS = CFunction.ofInt("setns");
    private static final CFunction UNSHARE = CFunction.ofInt("unshare");

    private final Fd home;

    private NetNamespace(Fd home) {
        this.home = home;
    }

    /**
     * Enters a namespace.
     *
     * @param name as {@code ip netns} knows it, or the path of a namespace file ({@code
     *     /proc/PID/ns/net}) when it has a slash in it
     * @throws LinuxException ENOENT when there is none; EPERM without CAP_SYS_ADMIN
     */
    public static NetNamespace enter(String name) throws LinuxException {
        Path path = name.indexOf('/') >= 0 ? Path.of(name) : NAMED.resolve(name);
        try (Fd there = open(path)) {
            NetNamespace stay = new NetNamespace(open(CURRENT));
            int result = setns(there.number());
            if (result < 0) {
                stay.home.close();
                String hint =
                        switch (-result) {
                            case Errno.EPERM -> "entering a network namespace needs CAP_SYS_ADMIN";
                            case Errno.EINVAL -> "it is no network namespace";
                            default -> "";
                        };
                throw new LinuxException("setns " + path, -result, hint);
            }
            return stay;
        }
    }

    /**
     * Makes an empty namespace and enters it. It lasts as long as a thread is in it, or something
     * that was opened in it is open.
     *
     * @throws LinuxException EPERM without CAP_SYS_ADMIN
     */
    public static NetNamespace enterNew() throws LinuxException {
        NetNamespace stay = new NetNamespace(open(CURRENT));
        int result = (int) UNSHARE.call(NetSpec.CLONE_NEWNET);
        if (result < 0) {
            stay.home.close();
            throw new LinuxException("unshare CLONE_NEWNET", -result, "it needs CAP_SYS_ADMIN");
        }
        return stay;
    }

    private static Fd open(Path path) throws LinuxException {
        int flags = FileSpec.O_RDONLY | FileSpec.O_CLOEXEC;
        int number = FileCalls.open(path.toString(), flags);
        if (number < 0) {
            String hint = number == -Errno.ENOENT ? "make it: ip netns add NAME" : "";
            throw new LinuxException("open network namespace " + path, -number, hint);
        }
        return Fd.adopt(number);
    }

    private static int setns(int fd) {
        return (int) SETNS.call(fd, NetSpec.CLONE_NEWNET);
    }

    /**
     * Takes the thread back to where it came from; does nothing the second time.
     *
     * @throws IllegalStateException when the kernel refuses: the thread must not go on elsewhere
     */
    @Override
    public void close() {
        if (!home.isOpen()) {
            return;
        }
        int result = setns(home.number());
        home.close();
        if (result < 0) {
            throw new IllegalStateException(
                    "setns back to the thread's own network namespace: " + Errno.name(-result));
        }
    }
}
