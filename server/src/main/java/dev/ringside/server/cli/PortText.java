package dev.ringside.server.cli;

import java.util.List;

/** Ports as texts: {@code SCHEME[:NAME][,KEY=VALUE]...}. */
final class PortText {
    private static final String SWITCH = "switch:";
    private static final List<String> INTERFACES = List.of("tap:", "macvtap:");
    private static final String INHERITED = "tap:fd=";
    private static final int MAC_BYTES = 6;

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
     * and the NIC's MTU, and a switch knows the NIC's name and address.
     */
    static String suiting(String port, String name, int queuePairs, long mac, int mtu) {
        if (port.startsWith(SWITCH)) {
            String named = unlessGiven(port, "port", CommaList.quote(name));
            return mac == 0 ? named : unlessGiven(named, "mac", macText(mac));
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

    /** An address as people write it. */
    static String macText(long mac) {
        StringBuilder text = new StringBuilder();
        for (int i = MAC_BYTES - 1; i >= 0; i--) {
            int part = (int) (mac >>> (i * Byte.SIZE)) & 0xff;
            text.append(part < 16 ? "0" : "").append(Integer.toHexString(part));
            text.append(i > 0 ? ":" : "");
        }
        return text.toString();
    }
}
