package dev.ringside.server.process;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.ringside.server.control.Method;
import dev.ringside.server.control.RpcException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods about NICs. Any thread. */
final class NicMethods {
    private final Served served;

    private NicMethods(ControlSocket.Context context) {
        served = context.served();
    }

    static List<Method<?>> of(ControlSocket.Context context) {
        NicMethods methods = new NicMethods(context);
        return List.of(
                Method.change(
                        "nic.link",
                        Link.class,
                        "Pulls a NIC's plug, or puts it in again.",
                        methods::link),
                Method.change(
                        "nic.capture.start",
                        Capture.class,
                        "Begins to write a NIC's frames to a file or pipe.",
                        methods::startCapture),
                Method.change(
                        "nic.capture.stop",
                        DeviceMethods.Name.class,
                        "Ends a capture; what was seen is in the file then.",
                        methods::stopCapture));
    }

    /**
     * What a link is to be.
     *
     * @param name of the NIC
     * @param up whether the plug is in
     */
    record Link(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) boolean up) {}

    /**
     * What is to be captured.
     *
     * @param name of the NIC
     * @param file a new file, or a named pipe; null: what the NIC's {@code capture} says
     * @param snaplen most bytes of each frame; null: whole frames, or what {@code capture} says
     */
    record Capture(
            @JsonProperty(required = true) String name,
            @Nullable String file,
            @Nullable Integer snaplen) {}

    private Map<String, Object> link(Link wanted) throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () -> {
                    Changes.part(served, wanted.name()).setLink(wanted.up());
                    return Map.of("name", wanted.name(), "up", wanted.up());
                });
    }

    private Map<String, Object> startCapture(Capture wanted)
            throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () ->
                        Map.of(
                                "name",
                                wanted.name(),
                                "file",
                                Changes.part(served, wanted.name())
                                        .startCapture(wanted.file(), wanted.snaplen())));
    }

    private Map<String, Object> stopCapture(DeviceMethods.Name wanted)
            throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () ->
                        Map.of(
                                "name",
                                wanted.name(),
                                "written",
                                Changes.part(served, wanted.name()).stopCapture()));
    }
}
