package dev.ringside.server.options;

import static dev.ringside.server.options.ServeSyntax.CLIENT;
import static dev.ringside.server.options.ServeSyntax.FD;
import static dev.ringside.server.options.ServeSyntax.SOCKET_MODE;
import static dev.ringside.server.options.ServeSyntax.SOCKET_OWNER;
import static dev.ringside.server.options.ServeSyntax.SOCKET_PATH;

import dev.ringside.server.engine.SocketSource;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Where a device's front-end comes from: the options of sockets, and what is said of them. */
public final class SocketOptions {
    /** Pause before a client connects again. */
    static final long RECONNECT_MS = 500;

    public static final int DEFAULT_MODE = 0600;

    private SocketOptions() {}

    /** Checks them without opening or making anything. */
    static SocketSource parse(Given given) throws OperatorException {
        given.refuseBoth(SOCKET_PATH, FD);
        String fd = given.text(FD);
        if (fd != null) {
            given.refuseWith(FD, CLIENT, SOCKET_MODE, SOCKET_OWNER);
            return new SocketSource.Inherited(
                    given.takingOver()
                            ? InheritedSocket.elsewhere(given.name(FD), fd)
                            : InheritedSocket.number(given.name(FD), fd));
        }
        Path socket = given.path(SOCKET_PATH);
        if (socket == null) {
            throw new OperatorException(
                    "there is no socket: give --socket-path=PATH or --fd=N (see "
                            + given.command()
                            + " --help)");
        }
        if (given.has(CLIENT)) {
            given.refuseWith(CLIENT, SOCKET_MODE, SOCKET_OWNER);
            return new SocketSource.Connect(socket, RECONNECT_MS);
        }
        requireParent(given, SOCKET_PATH, socket);
        String mode = given.text(SOCKET_MODE);
        SocketOwner owner = SocketOwner.parse(given.name(SOCKET_OWNER), given.text(SOCKET_OWNER));
        return new SocketSource.Listen(
                socket,
                mode == null ? DEFAULT_MODE : Values.fileMode(given.name(SOCKET_MODE), mode),
                owner.user(),
                owner.group());
    }

    static void requireParent(Given given, String option, Path socket) throws OperatorException {
        Path parent = socket.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new OperatorException(
                    given.shown(option)
                            + " lies in "
                            + parent
                            + ", which is not a directory: make it first (mkdir -p)");
        }
        if (Files.isDirectory(socket, LinkOption.NOFOLLOW_LINKS)) {
            throw new OperatorException(
                    given.shown(option)
                            + " is a directory: name a file in it, for example "
                            + socket.resolve("vm1.sock"));
        }
    }

    /**
     * How metrics and messages name the device: as the operator named the socket.
     *
     * @param kind what it is called when the socket's name says nothing
     */
    static String deviceName(SocketSource source, String kind) {
        return switch (source) {
            case SocketSource.Listen listen -> baseName(listen.path(), kind);
            case SocketSource.Connect connect -> baseName(connect.path(), kind);
            case SocketSource.Inherited inherited -> "fd" + inherited.fdNumber();
        };
    }

    private static String baseName(Path path, String kind) {
        Path file = path.getFileName();
        String name = file == null ? "" : file.toString();
        int dot = name.lastIndexOf('.');
        String base = dot > 0 ? name.substring(0, dot) : name;
        return base.isBlank() ? kind : base;
    }

    /** For the ready line. */
    public static String describe(SocketSource source) {
        return switch (source) {
            case SocketSource.Listen listen ->
                    "listening on " + listen.path() + " (mode " + octal(listen.mode()) + ")";
            case SocketSource.Connect connect -> "connecting to " + connect.path();
            case SocketSource.Inherited inherited -> "inherited socket " + inherited.fdNumber();
        };
    }

    /** As chmod(1) takes it. Not by a Formatter: loading that one costs more than the line. */
    public static String octal(int mode) {
        String digits = Integer.toOctalString(mode);
        return "0".repeat(Math.max(0, 4 - digits.length())) + digits;
    }
}
