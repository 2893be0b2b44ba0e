package dev.ringside.server.control;

import dev.ringside.shm.Fd;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Encodes messages. */
final class Lines {
    private Lines() {}

    /**
     * A message as a line, without its end.
     *
     * @param fds gets the descriptors in it; how many is the message's last member then
     */
    static byte[] encode(Map<String, Object> message, List<Fd> fds) {
        byte[] json = Json.encode(message, fds);
        if (fds.isEmpty()) {
            return json;
        }
        // Known only now: it takes the place of the closing brace.
        byte[] member = (",\"fds\":" + fds.size() + "}").getBytes(StandardCharsets.US_ASCII);
        byte[] line = Arrays.copyOf(json, json.length - 1 + member.length);
        System.arraycopy(member, 0, line, json.length - 1, member.length);
        return line;
    }
}
