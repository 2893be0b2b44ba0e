package dev.ringside.server.process;

import dev.ringside.server.control.ControlServer;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.ServerSocket;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Values;
import dev.ringside.server.upgrade.Ownership;
import dev.ringside.server.upgrade.Predecessor;
import dev.ringside.server.upgrade.Wire;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The control socket of a process that serves, and what can be asked there. */
final class ControlSocket implements AutoCloseable {
    private static final int MODE = 0600;

    /**
     * What it speaks for.
     *
     * @param engine runs the devices
     * @param served what is served
     * @param command what the process serves by now
     * @param metricsPort where its metrics are now; 0: nowhere
     * @param notifySocket where its service manager listens; null: nowhere
     */
    record Context(
            Engine engine,
            Served served,
            Supplier<CommandText> command,
            IntSupplier metricsPort,
            @Nullable String notifySocket) {}

    private final Context context;
    private final ServerSocket socket;
    private final Predecessor predecessor;
    private final ControlServer server;

    private ControlSocket(Context context, ServerSocket socket) throws IOException {
        this.context = context;
        this.socket = socket;
        predecessor =
                new Predecessor(context.engine(), context.served(), Version.text(), this::offer);
        server =
                ControlServer.start(
                        socket.socket(),
                        peer -> new DeviceMethods(context.engine(), predecessor.session(peer)));
    }

    /**
     * Listens.
     *
     * @param path null: no control socket is wanted
     */
    static @Nullable ControlSocket open(Context context, @Nullable Path path)
            throws OperatorException {
        if (path == null) {
            return null;
        }
        try {
            var source = new SocketSource.Listen(path, MODE, null, null);
            return new ControlSocket(context, ServerSocket.listen(source));
        } catch (IOException e) {
            throw new OperatorException(
                    Values.given(ServeSyntax.CONTROL_SOCKET, path.toString())
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /** Listens where the process before did; null, and a warning, when that fails. */
    static @Nullable ControlSocket takenOver(Context context, ServerSocket socket) {
        try {
            return new ControlSocket(context, socket);
        } catch (IOException e) {
            Log.about("control").warn("the control socket is not served: " + e.getMessage());
            return null;
        }
    }

    private Wire.Offer offer(Ownership ownership) {
        CommandText command = context.command().get();
        return new Wire.Offer(
                Version.text(),
                ProcessHandle.current().pid(),
                Path.of("").toAbsolutePath().toString(),
                command.command(),
                command.options(),
                context.metricsPort().getAsInt(),
                context.notifySocket(),
                server.listening(),
                Objects.requireNonNullElse(socket.madeFile(), ""),
                ownership.file(),
                context.served().resources());
    }

    /** See {@link Predecessor#stop}; nobody is accepted any more. */
    boolean stop() {
        server.stopAccepting();
        return predecessor.stop();
    }

    /** The process that has taken over. */
    long successor() {
        return predecessor.successor();
    }

    /** Closes the socket and removes its file. */
    @Override
    public void close() {
        server.close();
        socket.close();
    }
}
