package dev.ringside.server.engine;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a device's front-end comes from. */
public sealed interface SocketSource {
    /** How messages name this source. */
    String description();

    /**
     * Listens on a unix socket; accepts again after each disconnect.
     *
     * @param mode permission bits of the socket file, such as 0600
     * @param owner user name or number that shall own the socket file; null: unchanged
     * @param group group name or number; null: unchanged
     */
    record Listen(Path path, int mode, @Nullable String owner, @Nullable String group)
            implements SocketSource {
        @Override
        public String description() {
            return path.toString();
        }
    }

    /** Connects to a front-end that listens, and connects again {@code retryMs} after a loss. */
    record Connect(Path path, long retryMs) implements SocketSource {
        @Override
        public String description() {
            return path.toString();
        }
    }

    /** A socket inherited from the parent process: listening or connected, found by asking it. */
    record Inherited(int fdNumber) implements SocketSource {
        @Override
        public String description() {
            return "fd " + fdNumber;
        }
    }
}
