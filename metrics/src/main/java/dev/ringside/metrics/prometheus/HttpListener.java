package dev.ringside.metrics.prometheus;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers one request of each HTTP client, of which there are only so many at a time, on virtual
 * threads. Whoever is slow loses his connection, whatever he is slow at: the limits here are what
 * the JDK's own server neither counts nor tells.
 */
final class HttpListener implements AutoCloseable {
    /** Longest time for a request, from the connection on, and for the answer, milliseconds. */
    static final long REQUEST_MS = 5_000;

    static final long ANSWER_MS = 10_000;

    private static final int BACKLOG = 32;
    private static final long RETRY_MS = 1_000;
    private static final int MALFORMED = 400;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** Answers requests, on any thread. */
    interface Pages {
        Response answer(HttpRequest request) throws InterruptedException;
    }

    private final ServerSocket socket;
    private final int maxClients;
    private final Consumer<String> news;
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();
    private final Counters<HttpCounter> counters = new Counters<>(HttpCounter.class);
    private final MetricsRegistry.Registration counted;
    private final MetricsRegistry.Registration present;
    private final MetricsRegistry.Registration limit;

    // Not virtual threads: in JDK 25 their scheduler may forget one (JDK-8369227, JDK-8373118).
    private final ExecutorService servers =
            Executors.newCachedThreadPool(
                    Thread.ofPlatform().daemon().name("ringside-http-client").factory());

    private final ScheduledThreadPoolExecutor limits =
            new ScheduledThreadPoolExecutor(
                    1, Thread.ofPlatform().daemon().name("ringside-http-limits").factory());

    private volatile @Nullable Thread acceptor;
    private volatile boolean closed;

    private HttpListener(ServerSocket socket, HttpSettings settings, MetricsRegistry registry) {
        this.socket = socket;
        maxClients = settings.maxClients();
        limits.setRemoveOnCancelPolicy(true);
        news = settings.news();
        counted = registry.register(Map.of(), counters);
        present =
                registry.gauge(
                        "ringside_http_clients",
                        "Clients of the metrics endpoint that are connected.",
                        Map.of(),
                        clients::size);
        limit =
                registry.gauge(
                        "ringside_http_clients_limit",
                        "Most clients of the metrics endpoint at a time.",
                        Map.of(),
                        () -> maxClients);
    }

    /**
     * Binds the address; clients wait until {@link #serve}.
     *
     * @throws IOException when it cannot be bound
     */
    static HttpListener bind(HttpSettings settings, MetricsRegistry registry) throws IOException {
        InetSocketAddress at = settings.address();
        return new HttpListener(
                new ServerSocket(at.getPort(), BACKLOG, at.getAddress()), settings, registry);
    }

    /** Serves from now on. */
    void serve(Pages pages) {
        acceptor = Thread.ofPlatform().daemon().name("ringside-http").start(() -> acceptAll(pages));
    }

    InetSocketAddress address() {
        return new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
    }

    private void acceptAll(Pages pages) {
        while (!closed) {
            try {
                admit(socket.accept(), pages);
            } catch (IOException e) {
                if (!closed) {
                    news.accept("metrics: no client is accepted for a second: " + e.getMessage());
                    pause();
                }
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(RETRY_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void admit(Socket client, Pages pages) {
        counters.increment(HttpCounter.CONNECTIONS);
        if (clients.size() >= maxClients) {
            counters.increment(HttpCounter.TURNED_AWAY);
            end(client);
            news.accept(
                    "metrics: a client was turned away: there are "
                            + maxClients
                            + " already (--metrics-clients)");
            return;
        }
        clients.add(client);
        try {
            servers.execute(() -> serve(client, pages));
        } catch (RejectedExecutionException e) {
            clients.remove(client);
            end(client); // closed meanwhile
        }
    }

    private void serve(Socket client, Pages pages) {
        try (client) {
            client.setTcpNoDelay(true);
            exchange(client, pages);
        } catch (IOException | RejectedExecutionException e) {
            // The client's loss: it hung up, was too slow, or the endpoint was closed meanwhile.
            end(client);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clients.remove(client);
        }
    }

    private void exchange(Socket client, Pages pages) throws IOException, InterruptedException {
        var input = new BufferedInputStream(client.getInputStream());
        Response response;
        boolean head = false;
        try {
            HttpRequest request = within(client, REQUEST_MS, () -> HttpRequest.read(input));
            head = request.method().equals("HEAD");
            response = pages.answer(request);
        } catch (HttpRequest.MalformedException e) {
            response = Response.text(MALFORMED, e.getMessage() + "\n");
        }
        byte[] start = head(response);
        byte[] body = head ? new byte[0] : response.body();
        within(
                client,
                ANSWER_MS,
                () -> {
                    OutputStream output = client.getOutputStream();
                    output.write(start);
                    output.write(body);
                    client.shutdownOutput();
                    return input.available();
                });
    }

    private static byte[] head(Response response) {
        var head = new StringBuilder("HTTP/1.1 ").append(response.status()).append(" \r\n");
        response.headers().forEach((name, value) -> add(head, name, value));
        add(head, "X-Content-Type-Options", "nosniff");
        add(head, "Cache-Control", "no-store");
        add(head, "Content-Length", Integer.toString(response.body().length));
        add(head, "Connection", "close");
        return head.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    private static void add(StringBuilder head, String name, String value) {
        head.append(name).append(": ").append(value).append("\r\n");
    }

    private interface Step<T> {
        T run() throws IOException;
    }

    /** Does something with a client, who loses the connection when it takes longer. */
    private <T> T within(Socket client, long limitMs, Step<T> step) throws IOException {
        Future<?> watch = limits.schedule(() -> end(client), limitMs, TimeUnit.MILLISECONDS);
        try {
            return step.run();
        } finally {
            watch.cancel(false);
        }
    }

    /** As long as it is within a call the port is not free. */
    private void awaitAcceptor() {
        Thread running = acceptor;
        try {
            if (running != null) {
                running.interrupt();
                boolean unused = running.join(PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void end(Socket client) {
        try {
            client.close();
        } catch (IOException e) {
            // It has ended, then.
            assert client.isClosed();
        }
    }

    /** Stops listening and drops the clients. Idempotent. */
    @Override
    public void close() {
        closed = true;
        try {
            socket.close();
        } catch (IOException e) {
            news.accept("metrics: " + e.getMessage());
        }
        awaitAcceptor();
        clients.forEach(HttpListener::end);
        servers.shutdownNow();
        limits.shutdownNow();
        counted.close();
        present.close();
        limit.close();
    }
}
