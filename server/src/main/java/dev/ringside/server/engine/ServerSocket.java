package dev.ringside.server.engine;

import dev.ringside.server.log.Log;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A listening socket and, where this process made one, its file with mode and owner. */
public final class ServerSocket implements AutoCloseable {
    private static final int BACKLOG = 64;

    private final UnixSocket socket;
    private final @Nullable Path path;
    private final @Nullable Object fileKey;

    private ServerSocket(UnixSocket socket, @Nullable Path path, @Nullable Object fileKey) {
        this.socket = socket;
        this.path = path;
        this.fileKey = fileKey;
    }

    /** A listening socket that somebody else made: its file is left alone. */
    static ServerSocket of(UnixSocket socket) {
        return new ServerSocket(socket, null, null);
    }

    /**
     * One that another process has handed over.
     *
     * @param made the file that it had made, to be removed in the end; null: none
     */
    public static ServerSocket takenOver(UnixSocket socket, @Nullable Path made)
            throws IOException {
        return new ServerSocket(socket, made, made == null ? null : fileKey(made));
    }

    /** Makes the socket file; nothing of it is left behind when that fails. */
    public static ServerSocket listen(SocketSource.Listen listen) throws IOException {
        final Path path = listen.path();
        final UnixSocket socket = UnixSocket.listen(path, BACKLOG, listen.mode());
        try {
            applyOwner(listen);
            Files.setPosixFilePermissions(path, permissions(listen.mode()));
            return new ServerSocket(socket, path, fileKey(path));
        } catch (IOException | RuntimeException e) {
            socket.close();
            Files.deleteIfExists(path);
            throw e;
        }
    }

    private static void applyOwner(SocketSource.Listen listen) throws IOException {
        final Path path = listen.path();
        final UserPrincipalLookupService names =
                path.getFileSystem().getUserPrincipalLookupService();
        final PosixFileAttributeView view =
                Objects.requireNonNull(
                        Files.getFileAttributeView(
                                path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS));
        final String owner = listen.owner();
        if (owner != null) {
            view.setOwner(names.lookupPrincipalByName(owner));
        }
        final String group = listen.group();
        if (group != null) {
            final GroupPrincipal principal = names.lookupPrincipalByGroupName(group);
            view.setGroup(principal);
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        final Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        final PosixFilePermission[] fromHighest = PosixFilePermission.values();
        for (int bit = 0; bit < fromHighest.length; bit++) {
            if ((mode & (0400 >> bit)) != 0) {
                set.add(fromHighest[bit]);
            }
        }
        return set;
    }

    private static @Nullable Object fileKey(Path path) throws IOException {
        return Files.readAttributes(
                        path,
                        java.nio.file.attribute.BasicFileAttributes.class,
                        LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** The listening socket, still owned by this object. */
    public UnixSocket socket() {
        return socket;
    }

    /** The file that was made, absolute, as long as it is still there; else null. */
    public @Nullable String madeFile() {
        final Path made = path;
        return made != null && isOurs(made) ? made.toAbsolutePath().toString() : null;
    }

    private boolean isOurs(Path made) {
        try {
            return Objects.equals(fileKey, fileKey(made));
        } catch (IOException gone) {
            // Somebody else removed or replaced it: not ours any more.
            return false;
        }
    }

    int number() {
        return socket.fd().number();
    }

    @Nullable UnixSocket accept() throws LinuxException {
        return socket.accept();
    }

    /** Closes, and removes the socket file if it is still the one made here. */
    @Override
    public void close() {
        socket.close();
        final Path made = path;
        if (made != null && isOurs(made)) {
            try {
                Files.deleteIfExists(made);
            } catch (IOException e) {
                Log.about("socket").warn("the socket file cannot be removed: " + e);
            }
        }
    }
}
