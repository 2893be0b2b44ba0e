package dev.ringside.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Enters the sandbox in a JVM of its own, and then tries what must not work any more, on a thread
 * that was there before and on one that was not. Prints what did work, and {@code confined} when
 * nothing did.
 */
final class SandboxChild {
    private static final Map<String, int[]> NUMBERS =
            Map.of(
                    "execve", new int[] {59, 221},
                    "ptrace", new int[] {101, 117},
                    "mount", new int[] {165, 40},
                    "bpf", new int[] {321, 280},
                    "unshare", new int[] {272, 97},
                    "process_vm_readv", new int[] {310, 270},
                    "perf_event_open", new int[] {298, 241},
                    "userfaultfd", new int[] {323, 282},
                    "init_module", new int[] {175, 105},
                    "setuid", new int[] {105, 146});

    private final Path folder;
    private final List<String> worked = new ArrayList<>();
    private final IoUring ring;
    private final ServerSocket listener;
    private volatile boolean closed;

    private SandboxChild(Path folder) throws IOException {
        this.folder = folder;
        ring = IoUring.create(8);
        listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    }

    /** Works if it throws nothing. */
    private interface Attempt {
        void run() throws IOException;
    }

    /**
     * Enters, attacks, tells.
     *
     * @param arguments a folder with the files allowed, forbidden and removable/file
     */
    public static void main(String[] arguments) throws Exception {
        SandboxChild child = new SandboxChild(Path.of(arguments[0]));
        BlockingQueue<Runnable> tasks = new ArrayBlockingQueue<>(1);
        Thread before = new Thread(() -> take(tasks).run());
        before.setDaemon(true);
        before.start();
        for (Attempt attempt : child.attempts().values()) {
            try {
                attempt.run(); // loads what it needs, and shows that it is possible
            } catch (IOException e) {
                // Some are not even now.
            }
        }
        Files.createDirectories(child.folder.resolve("removable"));
        Files.writeString(child.folder.resolve("removable/file"), "");

        String holds =
                new Sandbox()
                        .read(Path.of(System.getProperty("java.home")))
                        .read(Path.of("target"))
                        .read(Path.of("/proc/self"))
                        .write(child.folder.resolve("allowed"))
                        .remove(child.folder.resolve("removable"))
                        .enter();

        child.closed = true;
        tasks.put(() -> child.attack("old"));
        before.join();
        Thread after = new Thread(() -> child.attack("new"));
        after.start();
        after.join();
        child.attack("main");
        child.useWhatIsLeft();
        child.worked.forEach(System.out::println);
        System.out.println(child.worked.isEmpty() ? "confined: " + holds : "NOT CONFINED");
    }

    private static Runnable take(BlockingQueue<Runnable> tasks) {
        try {
            return tasks.take();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, Attempt> attempts() {
        Map<String, Attempt> attempts = new LinkedHashMap<>();
        attempts.put("read /etc/passwd", () -> Files.readAllBytes(Path.of("/etc/passwd")));
        attempts.put("list /", SandboxChild::listRoot);
        attempts.put("write", () -> Files.writeString(folder.resolve("forbidden"), "x"));
        attempts.put("make", () -> Files.writeString(folder.resolve("made"), "x"));
        attempts.put(
                "remove",
                () -> {
                    Files.createDirectories(folder.resolve("kept"));
                    Files.delete(folder.resolve("kept"));
                });
        attempts.put("run /bin/true", () -> new ProcessBuilder("/bin/true").start());
        attempts.put("connect", this::connect);
        NUMBERS.forEach((name, numbers) -> attempts.put(name, () -> call(name, numbers)));
        return attempts;
    }

    private static void listRoot() throws IOException {
        if (Path.of("/").toFile().list() == null) {
            throw new IOException("not to be listed");
        }
    }

    private void connect() throws IOException {
        new Socket(listener.getInetAddress(), listener.getLocalPort()).close();
    }

    /** Harmless arguments: what is refused is refused before they are looked at. */
    private void call(String name, int[] numbers) throws LinuxException {
        if (!closed) {
            return; // root may do all that
        }
        int number = numbers[Native.ARCH == Native.Arch.X86_64 ? 0 : 1];
        if (CFunction.SYSCALL.call(number) == -Errno.EPERM) {
            throw new LinuxException(name, Errno.EPERM);
        }
    }

    private synchronized void attack(String thread) {
        attempts()
                .forEach(
                        (name, attempt) -> {
                            try {
                                attempt.run();
                                worked.add(thread + " thread: " + name);
                            } catch (IOException e) {
                                // As it must be.
                            }
                        });
    }

    /** What must go on working. */
    private void useWhatIsLeft() throws Exception {
        Files.writeString(folder.resolve("allowed"), "written");
        Files.delete(folder.resolve("removable/file"));
        for (UnixSocket end : UnixSocket.pair()) {
            end.close();
        }
        try (Fd memory = Memfd.create("test", 4096);
                Epoll _ = Epoll.create();
                EventFd _ = EventFd.create();
                Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(16);
            ring.write(memory.number(), bytes.address(), 16, 0, 1);
            ring.submitAndWait(1, -1);
            ring.complete((_, result, _) -> requireSixteen(result), 1);
        }
        System.gc();
        ring.close();
    }

    private static void requireSixteen(int result) {
        if (result != 16) {
            throw new IllegalStateException("io_uring: " + result);
        }
    }
}
