package dev.ringside.server.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.shm.Fd;
import dev.ringside.shm.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Calls methods of a process that listens on a control socket. One thread at a time. */
public final class ControlClient implements AutoCloseable {
    /** Answers may hold the state of many queues. */
    private static final int MAX_LINE_BYTES = 1 << 28;

    private static final int MAX_FDS = 1 << 16;

    private static final long NS_PER_MS = 1_000_000;

    private final LineChannel channel;
    private int lastId;

    private ControlClient(UnixSocket socket) throws IOException {
        channel = new LineChannel(socket, MAX_LINE_BYTES, MAX_FDS);
    }

    /** Connects; an IOException says why that cannot be. */
    public static ControlClient connect(Path path) throws IOException {
        return over(UnixSocket.connect(path));
    }

    /** Over a connected socket, which it owns from now on. */
    public static ControlClient over(UnixSocket socket) throws IOException {
        return new ControlClient(socket);
    }

    /**
     * Calls a method and waits for its result. Descriptors in it are the caller's to close.
     *
     * @throws RpcException when it was refused
     * @throws IOException when the peer hung up, did not answer in time, or talks nonsense
     */
    public <T> T call(String method, Object parameters, Class<T> result, long timeoutMs)
            throws IOException, RpcException {
        int id = ++lastId;
        send(request(method, parameters, id), timeoutMs);
        Message answer = channel.receive(timeoutMs * NS_PER_MS);
        if (answer == null) {
            throw new EOFException("the process at the other end ended the connection");
        }
        JsonNode json = answer.json();
        JsonNode error = json.get("error");
        if (error != null) {
            answer.close();
            throw new RpcException(
                    error.path("code").asInt(), error.path("message").asText("no reason given"));
        }
        try {
            if (json.path("id").asInt() != id) {
                throw new IOException("the answer is to another request");
            }
            return answer.member("result", result);
        } catch (JsonProcessingException e) {
            answer.close();
            throw new IOException("the answer cannot be understood: " + e.getOriginalMessage(), e);
        }
    }

    /** Calls a method that gives no answer. */
    public void tell(String method, Object parameters, long timeoutMs) throws IOException {
        send(request(method, parameters, null), timeoutMs);
    }

    /** Waits until the peer hangs up; false: it did not in time. */
    public boolean awaitHangup(long timeoutMs) throws IOException, RpcException {
        try {
            while (channel.receive(timeoutMs * NS_PER_MS) != null) {
                // Whatever it still says is of no use any more.
            }
            return true;
        } catch (LineChannel.TimedOutException e) {
            return false;
        }
    }

    /**
     * What arrives when a value is passed from one process to another: with descriptors of its own.
     *
     * @throws IOException when it cannot be passed
     */
    public static <T> T passed(T value, Class<T> type) throws IOException {
        UnixSocket[] pair = UnixSocket.pair();
        try (LineChannel from = new LineChannel(pair[0], MAX_LINE_BYTES, MAX_FDS);
                LineChannel to = new LineChannel(pair[1], MAX_LINE_BYTES, MAX_FDS)) {
            List<Fd> fds = new ArrayList<>();
            byte[] line = Lines.encode(Map.of("result", value), fds);
            from.send(line, fds, NS_PER_MS);
            Message message = Objects.requireNonNull(to.receive(NS_PER_MS));
            return message.member("result", type);
        } catch (RpcException e) {
            throw new IOException(e);
        }
    }

    private static Map<String, Object> request(
            String method, Object parameters, @Nullable Integer id) {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("jsonrpc", "2.0");
        if (id != null) {
            request.put("id", id);
        }
        request.put("method", method);
        request.put("params", parameters);
        return request;
    }

    private void send(Map<String, Object> request, long timeoutMs) throws IOException {
        List<Fd> fds = new ArrayList<>();
        byte[] line = Lines.encode(request, fds);
        channel.send(line, fds, timeoutMs * NS_PER_MS);
    }

    @Override
    public void close() {
        channel.close();
    }
}
