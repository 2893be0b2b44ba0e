package dev.ringside.server.options;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.ParseResult;

/** Gives the texts of {@link NetSyntax} their meaning and checks them against each other. */
public final class NetParser {
    private NetParser() {}

    /**
     * Checks everything that can be checked without opening or making anything.
     *
     * @param allowedCpus the processors that this process may use
     */
    public static NetOptions parse(ParseResult result, int[] allowedCpus) throws OperatorException {
        return parse(Given.of(NetSyntax.COMMAND, result), result, allowedCpus);
    }

    /** As {@link #parse(ParseResult, int[])}, for a process that takes over another one. */
    public static NetOptions parseForTakeOver(ParseResult result, int[] allowedCpus)
            throws OperatorException {
        return parse(Given.of(NetSyntax.COMMAND, result).forTakeOver(), result, allowedCpus);
    }

    private static NetOptions parse(Given given, ParseResult result, int[] allowedCpus)
            throws OperatorException {
        ServerOptions server = ServerOptions.parse(given, allowedCpus);
        List<NicOptions> nics = nics(given, result.matchedOptionValue(NetSyntax.NIC, List.of()));
        List<UplinkOptions> uplinks = new ArrayList<>();
        for (String value : result.matchedOptionValue(NetSyntax.UPLINK, List.<String>of())) {
            uplinks.add(UplinkOptions.parse(value, nics));
        }
        return new NetOptions(nics, uplinks, server);
    }

    private static List<NicOptions> nics(Given given, List<String> values)
            throws OperatorException {
        if (values.isEmpty()) {
            return List.of(NicParser.parse(given));
        }
        for (String option : new TreeSet<>(NicParser.OPTIONS)) {
            if (given.has(option)) {
                throw new OperatorException(
                        option
                                + " belongs to one NIC: with --nic write it as "
                                + option.substring(2)
                                + " in each value of --nic");
            }
        }
        List<NicOptions> nics = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String value : values) {
            NicOptions nic = NicParser.parse(value, given.takingOver());
            if (!names.add(nic.name())) {
                throw new OperatorException(
                        Values.given(NetSyntax.NIC, value)
                                + ": another NIC is named "
                                + nic.name()
                                + " already, so that metrics could not tell them apart: add"
                                + " name=TEXT");
            }
            nics.add(nic);
        }
        return nics;
    }
}
