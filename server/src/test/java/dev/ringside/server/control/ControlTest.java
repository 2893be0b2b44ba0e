package dev.ringside.server.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ControlTest {
    private static final long WAIT_NS = 20_000_000_000L;
    private static final int MAX_LINE = 1 << 20;
    private static final int MAX_FDS = 1 << 16;

    @TempDir private Path folder = Path.of("/nonexistent");

    @Test
    void shouldPassMoreDescriptorsThanOneMessageOfTheKernelTakes() throws Exception {
        List<EventFd> made = new ArrayList<>();
        for (int i = 0; i < 2 * UnixSocket.MAX_FDS + 7; i++) {
            made.add(EventFd.create());
        }
        List<Fd> fds = made.stream().map(EventFd::fd).toList();

        Resource back = ControlClient.passed(new Resource("many", fds, Map.of()), Resource.class);

        assertEquals(fds.size(), back.fds().size());
        for (int i = 0; i < fds.size(); i++) {
            made.get(i).signal();
            try (EventFd same = EventFd.adopt(back.fds().get(i))) {
                assertEquals(1, same.drain(), "descriptor " + i);
            }
            made.get(i).close();
        }
    }

    @Test
    void shouldRefuseWhatAnotherVersionSays() {
        Map<String, Object> newer =
                Map.of("name", "n", "fds", List.of(), "details", Map.of(), "more", true);
        Map<String, Object> older = Map.of("name", "o", "fds", List.of());

        IOException more =
                assertThrows(IOException.class, () -> passed(newer), "a member is unknown");
        IOException less =
                assertThrows(IOException.class, () -> passed(older), "a member is missing");

        assertTrue(String.valueOf(more.getMessage()).contains("\"more\""), more.getMessage());
        assertTrue(String.valueOf(less.getMessage()).contains("details"), less.getMessage());
    }

    private static Resource passed(Object value) throws IOException, RpcException {
        UnixSocket[] pair = UnixSocket.pair();
        try (LineChannel from = new LineChannel(pair[0], MAX_LINE, MAX_FDS);
                LineChannel to = new LineChannel(pair[1], MAX_LINE, MAX_FDS)) {
            from.send(Lines.encode(Map.of("result", value), new ArrayList<>()), List.of(), WAIT_NS);
            return Objects.requireNonNull(to.receive(WAIT_NS)).member("result", Resource.class);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "not json | -32700",
                "[1] | -32600",
                "{\"fds\":1} | -32600",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"none\"} | -32601",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"typed\",\"params\":{\"x\":1}} | -32602",
            })
    void shouldAnswerNonsenseWithAnErrorAndGoOn(String line, int code) throws Exception {
        UnixSocket listening = UnixSocket.listen(folder.resolve("c"), 4, 0600);
        try (ControlServer _ = serve(listening);
                LineChannel client =
                        new LineChannel(
                                UnixSocket.connect(folder.resolve("c")), MAX_LINE, MAX_FDS)) {
            client.send(line.getBytes(StandardCharsets.UTF_8), List.of(), WAIT_NS);
            Message answer = Objects.requireNonNull(client.receive(WAIT_NS));

            assertEquals(code, answer.json().at("/error/code").asInt(), answer.json().toString());
            client.send(
                    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"echo\"}"
                            .getBytes(StandardCharsets.UTF_8),
                    List.of(),
                    WAIT_NS);
            Message next = Objects.requireNonNull(client.receive(WAIT_NS));
            assertEquals("here", next.json().at("/result/echo").asText());
            assertEquals(2, next.json().path("id").asInt());
        }
    }

    private static ControlServer serve(UnixSocket listening) throws IOException {
        return ControlServer.start(
                listening,
                Permissions.ofThisProcess(Permissions.NO_GROUP),
                new ControlClients(4, new MetricsRegistry()),
                (peer, access) -> new Echo());
    }

    @Test
    void shouldEndWhenTheLineIsTooLong() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (LineChannel from = new LineChannel(pair[0], MAX_LINE, MAX_FDS);
                LineChannel to = new LineChannel(pair[1], 100, MAX_FDS)) {
            from.send(new byte[200], List.of(), WAIT_NS);

            assertThrows(IOException.class, () -> to.receive(WAIT_NS));
        }
    }

    @Test
    void shouldEndWhenDescriptorsComeThatNoLineAsksFor() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (LineChannel from = new LineChannel(pair[0], MAX_LINE, MAX_FDS);
                LineChannel to = new LineChannel(pair[1], MAX_LINE, 3);
                EventFd event = EventFd.create()) {
            byte[] line = "{}".getBytes(StandardCharsets.UTF_8);
            from.send(line, List.of(event.fd(), event.fd()), WAIT_NS);
            assertEquals(0, Objects.requireNonNull(to.receive(WAIT_NS)).fds().size());
            from.send(line, List.of(event.fd(), event.fd()), WAIT_NS);

            assertThrows(IOException.class, () -> to.receive(WAIT_NS));
        }
    }

    /** Also where hundreds of thousands of them arrive together. */
    @Test
    void shouldReadShortLinesAsTheyCome() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        String empty = "{}\n".repeat(1_000_000);
        String last = "{\"last\":\"" + "x".repeat(300_000) + "\"}";
        try (LineChannel from = new LineChannel(pair[0], MAX_LINE, MAX_FDS);
                LineChannel to = new LineChannel(pair[1], MAX_LINE, MAX_FDS)) {
            Thread sender =
                    Thread.ofVirtual()
                            .start(
                                    () -> {
                                        try {
                                            from.send(
                                                    (empty + last).getBytes(StandardCharsets.UTF_8),
                                                    List.of(),
                                                    WAIT_NS);
                                        } catch (IOException e) {
                                            throw new UncheckedIOException(e);
                                        }
                                    });
            for (int i = 0; i < 1_000_000; i++) {
                assertTrue(Objects.requireNonNull(to.receive(WAIT_NS)).json().isEmpty());
            }
            Message message = Objects.requireNonNull(to.receive(WAIT_NS));
            assertEquals(300_000, message.json().path("last").asText().length());
            sender.join();
        }
    }

    @Test
    void shouldTellAHangUpFromSilence() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (LineChannel to = new LineChannel(pair[1], MAX_LINE, MAX_FDS)) {
            assertThrows(LineChannel.TimedOutException.class, () -> to.receive(1_000_000));
            pair[0].close();

            assertNull(to.receive(WAIT_NS));
        }
    }

    private static final class Echo implements ControlSession {
        @Override
        public Object call(String method, Parameters parameters) throws RpcException {
            return switch (method) {
                case "echo" -> Map.of("echo", "here");
                case "typed" -> parameters.as(Resource.class);
                default -> throw new RpcException(RpcException.METHOD_NOT_FOUND, method);
            };
        }
    }
}
