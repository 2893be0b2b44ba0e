package dev.ringside.server.demo;

import dev.ringside.shm.NetNamespace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A TAP in a network namespace of its own: nothing of the host's network changes. */
final class TapNetwork implements DemoNetwork {
    private static final String TAP = "tap0";

    private final String namespace;
    private final Path socket;
    private final AtomicBoolean removed = new AtomicBoolean();
    private volatile @Nullable DataServer server;

    private TapNetwork(final String namespace, final Path socket) {
        this.namespace = namespace;
        this.socket = socket;
    }

    /**
     * Makes the namespace.
     *
     * @throws IOException when this user may not
     */
    static TapNetwork make(final Path work) throws IOException, InterruptedException {
        final String namespace = "ringside-demo-" + ProcessHandle.current().pid();
        Shell.run("ip", "netns", "add", namespace);
        return new TapNetwork(namespace, work.resolve("nic.sock"));
    }

    @Override
    public String describe() {
        return "a TAP of the host, in a network namespace of its own (" + namespace + ")";
    }

    @Override
    public Path socket() {
        return socket;
    }

    @Override
    public List<String> arguments() {
        return List.of(
                "--socket-path=" + socket, "--tap=" + TAP + ",netns=" + namespace, "--mac=" + MAC);
    }

    @Override
    public String connect() throws IOException, InterruptedException {
        Shell.run("ip", "-n", namespace, "address", "add", PEER_ADDRESS + "/24", "dev", TAP);
        final DataServer listening = listenInside();
        server = listening;
        return "static " + GUEST_ADDRESS + " " + PEER_ADDRESS + " " + listening.ports();
    }

    /** Sockets belong to the namespace of the thread that makes them. */
    private DataServer listenInside() throws IOException, InterruptedException {
        final CompletableFuture<DataServer> result = new CompletableFuture<>();
        Thread.ofPlatform()
                .name("demo-namespace")
                .start(
                        () -> {
                            try (NetNamespace _ = NetNamespace.enter(namespace)) {
                                result.complete(DataServer.listen(PEER_ADDRESS));
                            } catch (final IOException | RuntimeException e) {
                                result.completeExceptionally(e);
                            }
                        });
        try {
            return result.get();
        } catch (final ExecutionException e) {
            throw new IOException("nobody can listen in " + namespace + ": " + e.getCause(), e);
        }
    }

    private DataServer listening() throws IOException {
        final DataServer listening = server;
        if (listening == null) {
            throw new IOException("the network was never connected");
        }
        return listening;
    }

    @Override
    public String receivedDigest() throws IOException, InterruptedException {
        return listening().received();
    }

    @Override
    public String sentDigest() throws IOException, InterruptedException {
        return listening().sent();
    }

    @Override
    public void close() {
        if (!removed.compareAndSet(false, true)) {
            return;
        }
        final DataServer listening = server;
        if (listening != null) {
            listening.close();
        }
        try {
            Shell.run("ip", "netns", "delete", namespace);
        } catch (final IOException e) {
            System.err.println("ringside demo: " + e.getMessage());
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
