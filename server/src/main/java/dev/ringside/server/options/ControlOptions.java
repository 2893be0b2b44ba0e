package dev.ringside.server.options;

import static dev.ringside.server.options.ServeSyntax.CONTROL_CLIENTS;
import static dev.ringside.server.options.ServeSyntax.CONTROL_READERS;
import static dev.ringside.server.options.ServeSyntax.CONTROL_SOCKET;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The control socket.
 *
 * @param path where it listens
 * @param readers group whose members may look; null: none may
 * @param clients connected at a time
 */
public record ControlOptions(Path path, @Nullable String readers, int clients) {
    public static final int DEFAULT_CLIENTS = 16;

    /** One for who may only look, and one for who may change what is served. */
    private static final int MIN_CLIENTS = 2;

    private static final int MAX_CLIENTS = 1_000;

    /** What the options ask for; null: no control socket. */
    static @Nullable ControlOptions parse(Given given) throws OperatorException {
        Path path = given.path(CONTROL_SOCKET);
        if (path == null) {
            refuseAlone(given, CONTROL_READERS);
            refuseAlone(given, CONTROL_CLIENTS);
            return null;
        }
        SocketOptions.requireParent(given, CONTROL_SOCKET, path);
        String readers = given.text(CONTROL_READERS);
        if (readers != null) {
            requireGroup(given, readers);
        }
        return new ControlOptions(
                path,
                readers,
                given.integer(CONTROL_CLIENTS, DEFAULT_CLIENTS, MIN_CLIENTS, MAX_CLIENTS));
    }

    private static void refuseAlone(Given given, String option) throws OperatorException {
        if (given.has(option)) {
            throw new OperatorException(
                    given.shown(option)
                            + " has no meaning without "
                            + given.name(CONTROL_SOCKET)
                            + ": give both, or neither");
        }
    }

    private static void requireGroup(Given given, String group) throws OperatorException {
        try {
            Object unused =
                    FileSystems.getDefault()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByGroupName(group);
        } catch (IOException e) {
            throw new OperatorException(
                    given.shown(CONTROL_READERS)
                            + " is a group that this host does not know: see getent group, or give"
                            + " a number",
                    e);
        }
    }
}
