package dev.ringside.server.process;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.options.CaptureOptions;
import dev.ringside.server.options.ControlOptions;
import dev.ringside.server.options.MetricsAddress;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.ServerOptions;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Sandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What {@code --sandbox} leaves to this process: docs/security.md has the list. */
final class Confinement {
    private static final String TAP = "tap";
    private static final String PACKET = "packet";

    private Confinement() {}

    /**
     * Before anything is opened: whether this host can do it.
     *
     * @throws OperatorException when it cannot
     */
    static void check(ServerOptions options) throws OperatorException {
        if (options.sandbox()) {
            try {
                Sandbox.requireSupport();
            } catch (LinuxException e) {
                throw impossible(e);
            }
        }
    }

    /**
     * Closes the sandbox, if it is wanted.
     *
     * @param served everything is opened and attached, and nothing is served yet
     * @param notifySocket where the service manager listens; null: nowhere
     * @param metricsLater whether metrics are bound only later
     * @return what holds, for the ready line; empty when it is not wanted
     * @throws OperatorException when it cannot be closed; the process has to end
     */
    static String enter(
            ServerOptions options,
            Served served,
            Engine engine,
            @Nullable String notifySocket,
            boolean metricsLater)
            throws OperatorException {
        if (!options.sandbox()) {
            return "";
        }
        boolean unused = engine.prepareForSandbox().join();
        Sandbox sandbox = new Sandbox();
        allowJvm(sandbox);
        served.confine(sandbox);
        ControlOptions control = options.control();
        if (control != null) {
            sandbox.remove(folder(control.path()));
        }
        MetricsAddress metrics = options.metrics();
        if (metrics != null && metricsLater) {
            sandbox.bind(metrics.port());
        }
        if (notifySocket != null && notifySocket.startsWith("@")) {
            sandbox.reachAbstractSockets();
        }
        try {
            return "; sandbox: " + sandbox.enter();
        } catch (LinuxException e) {
            throw impossible(e);
        }
    }

    private static OperatorException impossible(LinuxException e) {
        return new OperatorException(
                ServeSyntax.SANDBOX
                        + " is not possible here: "
                        + e.getMessage()
                        + ": start without it, and confine the process by other means"
                        + " (docs/security.md)",
                e);
    }

    /** Classes and libraries that are loaded late; what the JVM and metrics read of the system. */
    private static void allowJvm(Sandbox sandbox) {
        sandbox.read(Path.of(System.getProperty("java.home")));
        paths("jdk.module.path").forEach(path -> sandbox.read(path.toAbsolutePath()));
        // A JAR of the class path names others that lie beside it.
        paths("java.class.path").forEach(path -> sandbox.read(folder(path)));
        sandbox.read(Path.of("/proc/self"));
        sandbox.read(Path.of("/proc/meminfo"));
        sandbox.read(Path.of("/proc/stat"));
        sandbox.read(Path.of("/sys/fs/cgroup"));
        sandbox.read(Path.of("/sys/devices/system/cpu"));
        sandbox.read(Path.of("/sys/devices/system/node"));
        sandbox.read(Path.of("/dev/urandom"));
        sandbox.read(Path.of("/dev/random"));
    }

    /** The socket's file goes in the end. */
    static void allow(SocketSource source, Sandbox sandbox) {
        if (source instanceof SocketSource.Listen listen) {
            sandbox.remove(folder(listen.path()));
        }
    }

    /** What a port does after it was opened: when queues start, or an interface comes back. */
    static void allowPort(String uri, Sandbox sandbox) {
        if (uri.startsWith(TAP + ":")) {
            sandbox.keep(Sandbox.Capability.NET_ADMIN)
                    .write(Path.of("/dev/net/tun"))
                    .read(Path.of("/sys/class/net"))
                    .read(Path.of("/sys/devices/virtual/net"));
        } else if (uri.startsWith(PACKET + ":")) {
            sandbox.keep(Sandbox.Capability.NET_RAW).sockets(Sandbox.Sockets.PACKET);
        }
    }

    /** Captures begin anew whenever they are switched on. */
    static void allow(CaptureOptions capture, Sandbox sandbox) {
        Path target = capture.target();
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            sandbox.write(target);
        } else {
            sandbox.make(folder(target));
        }
    }

    private static Stream<Path> paths(String property) {
        String all = System.getProperty(property, "");
        return Stream.of(all.split(":", -1)).filter(path -> !path.isEmpty()).map(Path::of);
    }

    private static Path folder(Path file) {
        Path absolute = file.toAbsolutePath();
        Path parent = absolute.getParent();
        return parent == null ? absolute : parent;
    }
}
