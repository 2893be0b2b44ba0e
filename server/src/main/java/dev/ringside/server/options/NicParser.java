package dev.ringside.server.options;

import static dev.ringside.server.options.NetSyntax.CAPTURE;
import static dev.ringside.server.options.NetSyntax.MAC;
import static dev.ringside.server.options.NetSyntax.MTU;
import static dev.ringside.server.options.NetSyntax.NAME;
import static dev.ringside.server.options.NetSyntax.PORT;
import static dev.ringside.server.options.NetSyntax.QUEUE_PAIRS;
import static dev.ringside.server.options.NetSyntax.RATE_LIMIT_IN;
import static dev.ringside.server.options.NetSyntax.RATE_LIMIT_OUT;
import static dev.ringside.server.options.NetSyntax.SWITCH;
import static dev.ringside.server.options.NetSyntax.TAP;

import dev.ringside.server.engine.SocketSource;
import dev.ringside.virtio.net.filter.Rate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what is said of one NIC: by options of its own, or in one value of {@code --nic}. */
public final class NicParser {
    /** What may be said of one NIC, whichever way. */
    public static final Set<String> OPTIONS =
            Set.of(
                    ServeSyntax.SOCKET_PATH,
                    ServeSyntax.FD,
                    ServeSyntax.CLIENT,
                    ServeSyntax.SOCKET_MODE,
                    ServeSyntax.SOCKET_OWNER,
                    ServeSyntax.QUEUE_SIZE,
                    TAP,
                    SWITCH,
                    PORT,
                    QUEUE_PAIRS,
                    MAC,
                    MTU,
                    NAME,
                    RATE_LIMIT_IN,
                    RATE_LIMIT_OUT,
                    CAPTURE);

    private static final String DASHES = "--";
    private static final String FD_PART = "fd=";
    private static final String CLIENT_PART = "client";

    private final Given given;

    /** Options of the port that stand among the NIC's own, as the end of its URI. */
    private final String portOptions;

    private final boolean listed;

    private NicParser(Given given, String portOptions, boolean listed) {
        this.given = given;
        this.portOptions = portOptions;
        this.listed = listed;
    }

    /** The NIC that the options describe. */
    public static NicOptions parse(Given given) throws OperatorException {
        return new NicParser(given, "", false).nic();
    }

    /**
     * The NIC that one value of {@code --nic} describes.
     *
     * @param takingOver see {@link Given#takingOver}
     */
    public static NicOptions parse(String value, boolean takingOver) throws OperatorException {
        try {
            return ofList(CommaList.split(value), takingOver).nic();
        } catch (OperatorException e) {
            throw new OperatorException(
                    Values.given(NetSyntax.NIC, value) + ": " + e.getMessage(), e);
        }
    }

    private static NicParser ofList(List<String> parts, boolean takingOver)
            throws OperatorException {
        Map<String, String> values = new LinkedHashMap<>();
        StringBuilder rest = new StringBuilder();
        String socket = parts.getFirst();
        if (socket.startsWith(FD_PART)) {
            values.put(ServeSyntax.FD, socket.substring(FD_PART.length()));
        } else {
            Values.notEmpty("the socket's path, which comes first,", socket);
            values.put(ServeSyntax.SOCKET_PATH, socket);
        }
        for (String part : parts.subList(1, parts.size())) {
            int equals = part.indexOf('=');
            if (part.equals(CLIENT_PART)) {
                put(values, ServeSyntax.CLIENT, "");
                continue;
            }
            if (equals <= 0) {
                throw new OperatorException(
                        "'"
                                + part
                                + "' is not KEY=VALUE: write a comma within a value twice, and"
                                + " client without a value");
            }
            String name = DASHES + part.substring(0, equals);
            String text = part.substring(equals + 1);
            if (OPTIONS.contains(name)) {
                Values.notEmpty(part.substring(0, equals), text);
                put(values, name, text);
            } else {
                rest.append(',').append(CommaList.quote(part));
            }
        }
        return new NicParser(
                Given.of(NetSyntax.COMMAND, values, takingOver), rest.toString(), true);
    }

    private static void put(Map<String, String> values, String name, String text)
            throws OperatorException {
        if (name.equals(ServeSyntax.SOCKET_PATH)
                || name.equals(ServeSyntax.FD)
                || values.put(name, text) != null) {
            throw new OperatorException(
                    name.substring(DASHES.length()) + " is given twice: give it once");
        }
    }

    private NicOptions nic() throws OperatorException {
        SocketSource source = SocketOptions.parse(given);
        int queuePairs = given.integer(QUEUE_PAIRS, 1, 1, NicOptions.MAX_QUEUE_PAIRS);
        String address = given.text(MAC);
        long mac = address == null ? 0 : MacAddress.unicast(given.name(MAC), address);
        int mtu = given.integer(MTU, 0, NicOptions.MIN_MTU, NicOptions.MAX_MTU);
        String chosen = given.text(NAME);
        String capture = given.text(CAPTURE);
        String name = chosen == null ? SocketOptions.deviceName(source, "nic") : chosen;
        return new NicOptions(
                name,
                source,
                PortText.suiting(port(), name, queuePairs, mtu),
                queuePairs,
                given.queueSize(),
                mac,
                mtu,
                rate(RATE_LIMIT_IN),
                rate(RATE_LIMIT_OUT),
                capture == null ? null : CaptureOptions.parse(given.name(CAPTURE), capture),
                listed);
    }

    private Rate rate(String option) throws OperatorException {
        String text = given.text(option);
        try {
            return text == null ? Rate.UNLIMITED : Rate.parse(given.name(option), text);
        } catch (IllegalArgumentException e) {
            throw new OperatorException(String.valueOf(e.getMessage()), e);
        }
    }

    private String port() throws OperatorException {
        given.refuseBoth(TAP, SWITCH);
        given.refuseBoth(TAP, PORT);
        given.refuseBoth(SWITCH, PORT);
        String tap = given.text(TAP);
        String lan = given.text(SWITCH);
        String uri = given.text(PORT);
        if (tap != null) {
            uri = "tap:" + tap;
        } else if (lan != null) {
            uri = "switch:" + lan;
        }
        if (uri == null) {
            throw new OperatorException(
                    "the NIC is plugged into nothing: give "
                            + given.name(TAP)
                            + "=NAME, "
                            + given.name(SWITCH)
                            + "=NAME or "
                            + given.name(PORT)
                            + "=URI (see ringside net --help)");
        }
        return PortText.with(uri, portOptions);
    }
}
