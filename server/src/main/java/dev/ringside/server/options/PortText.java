package dev.ringside.server.options;

import java.util.List;

/** Ports as texts: {@code SCHEME[:NAME][,KEY=VALUE]...}. */
final class PortText {
    private static final String SWITCH = "switch:";
    private static final List<String> INTERFACES = List.of("tap:", "macvtap:");
    private static final String INHERITED = "tap:fd=";

    private PortText() {}

    /**
     * A port with more options.
     *
     * @param options each with a comma before it; may be empty
     */
    static String with(String port, String options) {
        // Without a colon there is no place for options: null, loopback.
        return options.isEmpty() || port.indexOf(':') >= 0
                ? port + options
                : port + ":" + options.substring(1);
    }

    /**
     * A port that suits a NIC: where nothing else is said, an interface has a queue for each pair
     * and the NIC's MTU, and a switch knows the NIC's name.
     */
    static String suiting(String port, String name, int queuePairs, int mtu) {
        if (port.startsWith(SWITCH)) {
            return unlessGiven(port, "port", CommaList.quote(name));
        }
        if (INTERFACES.stream().noneMatch(port::startsWith) || port.startsWith(INHERITED)) {
            return port;
        }
        String wide =
                queuePairs == 1 ? port : unlessGiven(port, "queues", Integer.toString(queuePairs));
        return mtu == 0 ? wide : unlessGiven(wide, "mtu", Integer.toString(mtu));
    }

    private static String unlessGiven(String port, String key, String value) {
        boolean given = CommaList.split(port).stream().anyMatch(p -> p.startsWith(key + "="));
        return given ? port : port + "," + key + "=" + value;
    }
}
