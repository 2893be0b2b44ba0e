package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Values;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The verbs that change one device while its guest runs. */
final class DeviceVerbs {
    private static final String SHRINK = "--shrink";
    private static final String FILE = "--file";
    private static final String SNAPLEN = "--snaplen";
    private static final int MAX_SNAPLEN = 262_144;
    private static final int MOST_DIGITS = 18;

    private DeviceVerbs() {}

    static List<Verb> all() {
        return List.of(
                Verb.of(
                        "pause",
                        List.of("NAME"),
                        "%nHas a device take nothing more from its queues: its guest waits. What it"
                                + " took before is answered. Lasts until 'resume', over reconnects"
                                + " and upgrades.%n",
                        call -> pause(call, "device.pause")),
                Verb.of(
                        "resume",
                        List.of("NAME"),
                        "%nHas a paused device go on.%n",
                        call -> pause(call, "device.resume")),
                new Verb(
                        "resize",
                        List.of("NAME", "[SIZE]"),
                        "%nGives a disk another size, such as 20G or a number of bytes, which its"
                                + " guest sees at once; without one: that of its image, which"
                                + " somebody else has changed.%n",
                        spec ->
                                ServeSyntax.flag(
                                        spec,
                                        SHRINK,
                                        "It may become smaller: what is behind the new end is"
                                                + " lost."),
                        DeviceVerbs::resize),
                Verb.of(
                        "link",
                        List.of("NAME", "up|down"),
                        "%nPulls a NIC's plug, or puts it in again: while it is out frames are"
                                + " dropped both ways.%n",
                        DeviceVerbs::link),
                new Verb(
                        "capture",
                        List.of("NAME", "start|stop"),
                        "%nBegins to write a NIC's frames to a pcapng file or a named pipe, or ends"
                                + " that.%n",
                        spec -> {
                            ServeSyntax.text(
                                    spec,
                                    FILE,
                                    "FILE",
                                    "A new file of the process's. Default: what the NIC's capture"
                                            + " option says.");
                            ServeSyntax.text(
                                    spec, SNAPLEN, "N", "Most bytes of each frame. Default: all.");
                        },
                        DeviceVerbs::capture));
    }

    private static int pause(Call call, String method) throws IOException, RpcException {
        String name = call.words().getFirst();
        JsonNode result = call.ask(method, Map.of("name", name));
        String text =
                !result.path("paused").asBoolean()
                        ? name + " goes on"
                        : result.path("drained").asBoolean()
                                ? name + " is paused"
                                : name
                                        + " is paused; some of what it took before is still under"
                                        + " way";
        return call.print(result, text + "\n");
    }

    private static int resize(Call call) throws IOException, RpcException, OperatorException {
        Map<String, Object> parameters = new HashMap<>();
        parameters.put("name", call.words().getFirst());
        parameters.put("shrink", call.given().has(SHRINK));
        if (call.words().size() > 1) {
            parameters.put("bytes", bytes(call.words().get(1)));
        }
        JsonNode result = call.ask("disk.resize", parameters);
        return call.print(
                result,
                call.words().getFirst() + " has " + result.path("bytes").asLong() + " bytes\n");
    }

    /** A number of bytes, with K, M, G or T behind it for powers of 1024. */
    static long bytes(String text) throws OperatorException {
        long size = Values.bytes(text, MOST_DIGITS);
        if (size > 0) {
            return size;
        }
        throw new OperatorException(
                "'" + text + "' is no size: write 20G, 512M or a number of bytes");
    }

    private static int link(Call call) throws IOException, RpcException, OperatorException {
        String name = call.words().getFirst();
        String word = Values.word("link", call.words().get(1), List.of("up", "down"));
        JsonNode result = call.ask("nic.link", Map.of("name", name, "up", word.equals("up")));
        return call.print(result, "the link of " + name + " is " + word + "\n");
    }

    private static int capture(Call call) throws IOException, RpcException, OperatorException {
        String name = call.words().getFirst();
        String word = Values.word("capture", call.words().get(1), List.of("start", "stop"));
        if (word.equals("stop")) {
            JsonNode result = call.ask("nic.capture.stop", Map.of("name", name));
            return call.print(
                    result,
                    "the capture of "
                            + name
                            + " has ended: "
                            + result.path("written").asText()
                            + "\n");
        }
        Map<String, Object> parameters = new HashMap<>();
        parameters.put("name", name);
        String file = call.given().text(FILE);
        if (file != null) {
            parameters.put("file", file);
        }
        if (call.given().has(SNAPLEN)) {
            parameters.put("snaplen", call.given().integer(SNAPLEN, MAX_SNAPLEN, 14, MAX_SNAPLEN));
        }
        JsonNode result = call.ask("nic.capture.start", parameters);
        return call.print(result, name + " is captured to " + result.path("file").asText() + "\n");
    }
}
