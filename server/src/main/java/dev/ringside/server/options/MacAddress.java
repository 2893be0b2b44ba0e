package dev.ringside.server.options;

import java.util.regex.Pattern;

/** Reads Ethernet addresses. */
final class MacAddress {
    private static final Pattern FORM = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");
    private static final long GROUP = 1L << 40;

    private MacAddress() {}

    /** A unicast address as a number: its first byte is the most significant of six. */
    static long unicast(String option, String text) throws OperatorException {
        if (!FORM.matcher(text).matches()) {
            throw new OperatorException(
                    Values.given(option, text)
                            + " is not six bytes in hexadecimal: for example 52:54:00:12:34:56");
        }
        long address = Long.parseLong(text.replace(":", ""), 16);
        if ((address & GROUP) != 0 || address == 0) {
            throw new OperatorException(
                    Values.given(option, text)
                            + " is no address of one NIC"
                            + (address == 0
                                    ? ""
                                    : ": it is a multicast one, because its first byte is odd")
                            + ": for example 52:54:00:12:34:56");
        }
        return address;
    }
}
