package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.control.ControlClients;
import dev.ringside.server.control.ControlServer;
import dev.ringside.server.control.Methods;
import dev.ringside.server.control.Permissions;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.ServerSocket;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.ControlOptions;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Values;
import dev.ringside.server.upgrade.Ownership;
import dev.ringside.server.upgrade.Predecessor;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.server.upgrade.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The control socket of a process that serves, and what can be asked there. */
final class ControlSocket implements AutoCloseable {
    private static final int MODE = 0600;

    /** Who may look must be able to write there what it asks. */
    private static final int SHARED_MODE = 0660;

    /**
     * What it speaks for.
     *
     * @param engine runs the devices
     * @param served what is served
     * @param metrics what is counted
     * @param command what the process serves by now
     * @param metricsPort where its metrics are now; 0: nowhere
     * @param manager who started it
     * @param stop asks the process to end in good order
     */
    record Context(
            Engine engine,
            Served served,
            MetricsRegistry metrics,
            Supplier<CommandText> command,
            IntSupplier metricsPort,
            ServiceManager manager,
            Runnable stop) {}

    private final Context context;
    private final ServerSocket socket;
    private final Predecessor predecessor;
    private final ControlServer server;

    private ControlSocket(Context context, ControlOptions options, ServerSocket socket)
            throws IOException {
        this.context = context;
        this.socket = socket;
        predecessor =
                new Predecessor(context.engine(), context.served(), Version.text(), this::offer);
        Methods methods = methods(context);
        server =
                ControlServer.start(
                        socket.socket(),
                        Permissions.ofThisProcess(readersId(options)),
                        new ControlClients(options.clients(), context.metrics()),
                        (peer, access) -> methods.session(access, predecessor.session(peer)));
    }

    /** The group that the socket's file was given, whose number is known by that. */
    private static int readersId(ControlOptions options) throws IOException {
        return options.readers() == null
                ? Permissions.NO_GROUP
                : (int) Files.getAttribute(options.path(), "unix:gid");
    }

    /** All that can be called there, but for an upgrade's. */
    static Methods methods(Context context) {
        Methods methods = new Methods(Version.text());
        methods.add(DeviceMethods.of(context));
        methods.add(NicMethods.of(context));
        methods.add(LimitMethods.of(context));
        methods.add(ConfigMethods.of(context));
        methods.add(ProcessMethods.of(context));
        methods.add(StatusMethods.of(context));
        return methods;
    }

    /** Listens; null: no control socket is wanted. */
    static @Nullable ControlSocket open(Context context, @Nullable ControlOptions options)
            throws OperatorException {
        if (options == null) {
            return null;
        }
        Path path = options.path();
        String readers = options.readers();
        try {
            var source =
                    readers == null
                            ? new SocketSource.Listen(path, MODE, null, null)
                            : new SocketSource.Listen(path, SHARED_MODE, null, readers);
            return new ControlSocket(context, options, ServerSocket.listen(source));
        } catch (IOException e) {
            throw new OperatorException(
                    Values.given(ServeSyntax.CONTROL_SOCKET, path.toString())
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /** Listens where the process before did; null, and a warning, when that fails. */
    static @Nullable ControlSocket takenOver(
            Context context, ControlOptions options, ServerSocket socket) {
        try {
            return new ControlSocket(context, options, socket);
        } catch (IOException e) {
            Log.about("control").warn("the control socket is not served: " + e.getMessage());
            return null;
        }
    }

    private List<Resource> resources() {
        List<Resource> all = new ArrayList<>(context.served().resources());
        try {
            all.add(OperatorState.save(context.engine(), context.served()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return all;
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
                context.manager().socket(),
                context.manager().watchdogUs(),
                server.listening(),
                Objects.requireNonNullElse(socket.madeFile(), ""),
                ownership.file(),
                resources());
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
