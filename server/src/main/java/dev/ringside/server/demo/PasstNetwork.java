package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** passt: a network in user space that needs no privilege and reaches what this user reaches. */
final class PasstNetwork implements DemoNetwork {
    private static final List<String> COMMAND =
            List.of("passt", "--foreground", "--stderr", "--one-off");
    private static final String LOOPBACK = "127.0.0.1";
    private static final String LISTENING = "You can now start";
    private static final Duration START_LIMIT = Duration.ofSeconds(20);

    private final Process passt;
    private final Path stream;
    private final Path socket;
    private volatile @Nullable DataServer server;

    private PasstNetwork(final Process passt, final Path stream, final Path socket) {
        this.passt = passt;
        this.stream = stream;
        this.socket = socket;
    }

    /**
     * Starts passt.
     *
     * @throws IOException when it is not installed, or does not find a network to stand for
     */
    static PasstNetwork start(final Path work) throws IOException, InterruptedException {
        final Path stream = work.resolve("passt.sock");
        final List<String> command = new ArrayList<>(COMMAND);
        command.addAll(List.of("--socket", stream.toString()));
        if (System.getProperty("user.name").equals("root")) {
            // It would become nobody, who may not make a socket in this demo's folder.
            command.addAll(List.of("--runas", "0"));
        }
        final Process process =
                new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        final PasstNetwork network = new PasstNetwork(process, stream, work.resolve("nic.sock"));
        try {
            final Console messages = new Console("passt", process.getErrorStream(), line -> {});
            messages.await(LISTENING, START_LIMIT);
            return network;
        } catch (final GuestException | InterruptedException e) {
            network.close();
            throw e;
        }
    }

    @Override
    public String describe() {
        return "passt, without any privilege: the guest shares the network of this user";
    }

    @Override
    public Path socket() {
        return socket;
    }

    @Override
    public List<String> arguments() {
        return List.of("--socket-path=" + socket, "--port=socket:" + stream, "--mac=" + MAC);
    }

    @Override
    public String connect() throws IOException {
        // What the guest sends to its router arrives here, at the host's loopback address.
        final DataServer listening = DataServer.listen(LOOPBACK);
        server = listening;
        return "dhcp - router " + listening.ports();
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
        final DataServer listening = server;
        if (listening != null) {
            listening.close();
        }
        Processes.kill(passt);
    }
}
