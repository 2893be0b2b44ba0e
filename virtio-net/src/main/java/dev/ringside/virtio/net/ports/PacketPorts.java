package dev.ringside.virtio.net.ports;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortScheme;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.bench.GeneratorPort;
import dev.ringside.virtio.net.port.bench.LoopbackPort;
import dev.ringside.virtio.net.port.bench.NullPort;
import dev.ringside.virtio.net.port.stream.StreamPort;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Opens ports from text. The grammar is {@link PortUri}'s; the table lists what there is. */
public final class PacketPorts {
    private static final List<PortScheme> SCHEMES =
            List.of(
                    new PortScheme("null", false, "null", NullPort::open),
                    new PortScheme("loopback", false, "loopback", LoopbackPort::open),
                    new PortScheme(
                            "generator",
                            false,
                            "generator[:size=BYTES][,pps=N][,burst=FRAMES]",
                            GeneratorPort::open),
                    new PortScheme(
                            "socket",
                            true,
                            "socket:PATH[,listen=on[,mode=0600]][,reconnect-ms=N]",
                            StreamPort::open));

    private PacketPorts() {}

    /**
     * Opens what a text describes. May block: never on a shard or the conductor.
     *
     * @param more kinds besides those of the table, which need something of the process: a switch
     *     is found in its directory of switches
     * @throws IllegalArgumentException when the text is wrong; the message is for the operator
     * @throws IOException when the host refuses; the message is for the operator
     */
    public static PacketPort open(String text, MetricsRegistry metrics, PortScheme... more)
            throws IOException {
        List<PortScheme> schemes = new ArrayList<>(SCHEMES);
        schemes.addAll(List.of(more));
        PortUri uri = PortUri.parse(text, name -> named(schemes, name));
        PortScheme scheme = find(schemes, uri.scheme());
        if (scheme == null) {
            throw new IllegalArgumentException(
                    "port \""
                            + text
                            + "\": unknown scheme \""
                            + uri.scheme()
                            + "\"; there are "
                            + schemes.stream()
                                    .map(PortScheme::form)
                                    .collect(Collectors.joining("; ")));
        }
        return scheme.opener().open(uri, metrics);
    }

    /** How each kind of the table is written, one line each, for a help text. */
    public static List<String> forms() {
        return SCHEMES.stream().map(PortScheme::form).toList();
    }

    private static boolean named(List<PortScheme> schemes, String name) {
        PortScheme scheme = find(schemes, name);
        // What an unknown scheme is followed by matters little: the scheme is what is wrong.
        return scheme == null || scheme.named();
    }

    private static @Nullable PortScheme find(List<PortScheme> schemes, String name) {
        for (PortScheme scheme : schemes) {
            if (scheme.name().equals(name)) {
                return scheme;
            }
        }
        return null;
    }
}
