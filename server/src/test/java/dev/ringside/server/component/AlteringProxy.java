package dev.ringside.server.component;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMessage;
import dev.ringside.shm.Fd;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Stands between front-ends and a back-end and alters what they say to each other: the two together
 * are a back-end that does one thing wrongly. One connection at a time.
 */
final class AlteringProxy implements AutoCloseable {
    private static final int BACKLOG = 16;
    private static final long ACCEPT_MS = 50;
    private static final long POLL_MS = 1;

    private final UnixSocket listener;
    private final Path backend;
    private final Alteration alteration;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    /** What is done to a message. */
    interface Alteration {
        /**
         * Another message, or this one.
         *
         * @return null: it is not passed on
         * @throws IOException ends the connection
         */
        @Nullable FrontendMessage alter(boolean answer, FrontendMessage message) throws IOException;
    }

    private AlteringProxy(final UnixSocket listener, final Path backend, final Alteration how) {
        this.listener = listener;
        this.backend = backend;
        this.alteration = how;
    }

    static AlteringProxy start(final Path socket, final Path backend, final Alteration how)
            throws IOException {
        final UnixSocket listener = UnixSocket.listen(socket, BACKLOG);
        final AlteringProxy proxy = new AlteringProxy(listener, backend, how);
        proxy.thread.execute(proxy::serve);
        return proxy;
    }

    private void serve() {
        while (!thread.isShutdown()) {
            try (FrontendConnection front = FrontendConnection.accept(listener, ACCEPT_MS);
                    FrontendConnection back = FrontendConnection.connect(backend, 1_000)) {
                while (!thread.isShutdown()) {
                    pass(front, back, false, POLL_MS);
                    pass(back, front, true, 0);
                }
            } catch (IOException e) {
                // Nobody came, or one of them hung up: so does the other.
            }
        }
    }

    private void pass(
            final FrontendConnection from,
            final FrontendConnection to,
            final boolean answer,
            final long waitMs)
            throws IOException {
        while (from.awaitReadable(waitMs)) {
            final FrontendMessage message = from.receive();
            try {
                final FrontendMessage altered = alteration.alter(answer, message);
                if (altered != null) {
                    final List<Fd> fds = altered.fds();
                    to.send(
                            altered.request(),
                            altered.flags() & ~1,
                            altered.payload(),
                            fds.toArray(Fd[]::new));
                }
            } finally {
                message.closeFds();
            }
        }
    }

    /** Listens no longer, like a back-end that has ended; who is connected stays. */
    void vanish() {
        listener.close();
    }

    @Override
    public void close() {
        thread.close();
        listener.close();
    }
}
