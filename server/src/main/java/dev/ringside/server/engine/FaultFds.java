package dev.ringside.server.engine;

import dev.ringside.server.log.Log;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.Fd;
import dev.ringside.shm.InertFaultFd;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The userfaultfd of one endpoint, for its front-ends' postcopy migrations: made by another process
 * ({@link InertFaultFd}) when one is first asked for, and kept, so that a front-end cannot have
 * processes started again and again. Confined to one thread, which it may block for a second.
 */
final class FaultFds implements AutoCloseable {
    private static final long LIMIT_S = 20;
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(LIMIT_S);
    private static final String MODULE = "dev.ringside.shm";

    private final String device;
    private final String endpoint;
    private @Nullable Fd made;
    private boolean tried;

    FaultFds(String device, String endpoint) {
        this.device = device;
        this.endpoint = endpoint;
    }

    /** A duplicate for a front-end, which the caller owns; null: none can be made. */
    @Nullable Fd get() {
        try {
            if (!tried) {
                tried = true;
                made = make();
            }
            final Fd mine = made;
            return mine == null ? null : mine.duplicate();
        } catch (IOException e) {
            Log.about("migration")
                    .device(device)
                    .warn(
                            "postcopy migration of "
                                    + endpoint
                                    + " is not possible: "
                                    + e.getMessage());
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /** Makes it now. */
    void prepare() {
        final Fd duplicate = get();
        if (duplicate != null) {
            duplicate.close();
        }
    }

    private static Fd make() throws IOException, InterruptedException {
        final Path directory = Files.createTempDirectory("ringside");
        final Path path = directory.resolve("s");
        try (UnixSocket listener = UnixSocket.listen(path, 1, 0600)) {
            final Process process =
                    new ProcessBuilder(command(path))
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            try {
                final Fd fd = receive(listener);
                if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                    fd.close();
                    throw new IOException("the process that makes a userfaultfd does not end");
                }
                return fd;
            } finally {
                // Only of a process that has ended the descriptor has no power.
                process.destroyForcibly().waitFor();
            }
        } finally {
            Files.deleteIfExists(path);
            Files.deleteIfExists(directory);
        }
    }

    private static List<String> command(Path socket) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=" + MODULE);
        command.add("-XX:+UseSerialGC");
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-Xmx32m");
        // bin/ringside has no module path: there the module is a part of the Java runtime.
        final String modulePath = System.getProperty("jdk.module.path");
        if (modulePath != null) {
            command.addAll(List.of("-p", modulePath));
        }
        command.addAll(List.of("-m", MODULE + "/" + InertFaultFd.class.getName()));
        command.add(socket.toString());
        return command;
    }

    private static Fd receive(UnixSocket listener) throws IOException {
        final long deadlineNs = System.nanoTime() + LIMIT_NS;
        try (Epoll epoll = Epoll.create();
                ReceivedFds fds = new ReceivedFds();
                Arena arena = Arena.ofConfined()) {
            epoll.add(listener.fd().number(), Epoll.IN, 0);
            epoll.await(LIMIT_NS);
            final UnixSocket peer = listener.accept();
            if (peer == null) {
                throw new IOException("the process that makes a userfaultfd could not be started");
            }
            try (peer) {
                epoll.add(peer.fd().number(), Epoll.IN, 1);
                final MemorySegment byteOfIt = arena.allocate(1);
                while (fds.count() == 0 && System.nanoTime() < deadlineNs) {
                    epoll.await(deadlineNs - System.nanoTime());
                    if (peer.receive(byteOfIt, fds) == 0) {
                        break;
                    }
                }
                if (fds.count() != 1) {
                    throw new IOException(
                            "the kernel gives no userfaultfd, or who asks for it ended");
                }
                return fds.take(0);
            }
        }
    }

    @Override
    public void close() {
        final Fd mine = made;
        if (mine != null) {
            mine.close();
        }
    }
}
