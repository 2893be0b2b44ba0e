package dev.ringside.server.options;

import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A port of the host on a switch.
 *
 * @param port its URI
 * @param switchName the switch that it connects
 * @param membership what it may carry there: options of a switch's port, each with a comma before
 */
public record UplinkOptions(String port, String switchName, String membership) {
    private static final String SWITCH_KEY = "switch=";
    private static final String SWITCH_SCHEME = "switch:";

    /** Options that say what an uplink is on its switch, and not what the port is. */
    private static final List<String> MEMBERSHIP =
            List.of(
                    "vlan=",
                    "trunk=",
                    "native=",
                    "isolated=",
                    "anti-spoof=",
                    "max-addresses=",
                    "port=");

    /** What a table of a configuration may say besides the port. */
    public static final List<String> KEYS =
            List.of("switch", "vlan", "trunk", "native", "isolated", "anti-spoof", "max-addresses");

    /** Reads the options of one uplink, each by itself; then as {@link #parse(String, List)}. */
    public static UplinkOptions parse(Given given, List<NicOptions> nics) throws OperatorException {
        String port = given.text(NetSyntax.PORT);
        if (port == null) {
            throw new OperatorException("there is no port of the host: give port=URI");
        }
        StringBuilder value = new StringBuilder(port);
        for (String key : KEYS) {
            String text = given.text("--" + key);
            if (text != null) {
                value.append(',').append(CommaList.quote(key + "=" + text));
            }
        }
        return parse(value.toString(), nics);
    }

    /**
     * Reads one value of {@code --uplink}.
     *
     * @param nics those of the process: an uplink is of use only on a switch that one is on
     */
    public static UplinkOptions parse(String value, List<NicOptions> nics)
            throws OperatorException {
        Values.notEmpty(NetSyntax.UPLINK, value);
        StringBuilder port = new StringBuilder();
        StringBuilder membership = new StringBuilder();
        String name = null;
        for (String part : CommaList.split(value)) {
            String written = (port.isEmpty() ? "" : ",") + CommaList.quote(part);
            if (port.isEmpty()) {
                port.append(written);
            } else if (part.startsWith(SWITCH_KEY)) {
                if (name != null) {
                    throw refused(value, "switch= is given twice: give it once");
                }
                name = part.substring(SWITCH_KEY.length());
            } else if (MEMBERSHIP.stream().anyMatch(part::startsWith)) {
                membership.append(written);
            } else {
                port.append(written);
            }
        }
        if (port.toString().startsWith(SWITCH_SCHEME)) {
            throw refused(value, "an uplink is a port of the host, such as tap:NAME");
        }
        return new UplinkOptions(
                port.toString(), onSwitch(value, name, nics), membership.toString());
    }

    private static String onSwitch(String value, @Nullable String name, List<NicOptions> nics)
            throws OperatorException {
        TreeSet<String> switches = new TreeSet<>();
        for (NicOptions nic : nics) {
            if (nic.port().startsWith(SWITCH_SCHEME)) {
                String rest = nic.port().substring(SWITCH_SCHEME.length());
                switches.add(CommaList.split(rest).getFirst());
            }
        }
        if (switches.isEmpty()) {
            throw refused(value, "no NIC is on a switch: plug one in with --switch=NAME");
        }
        if (name == null && switches.size() == 1) {
            return switches.first();
        }
        if (name == null || !switches.contains(name)) {
            throw refused(
                    value,
                    (name == null ? "the switch is not said" : "no NIC is on switch " + name)
                            + ": add switch=NAME; there are "
                            + String.join(", ", switches));
        }
        return name;
    }

    private static OperatorException refused(String value, String why) {
        return new OperatorException(Values.given(NetSyntax.UPLINK, value) + ": " + why);
    }
}
