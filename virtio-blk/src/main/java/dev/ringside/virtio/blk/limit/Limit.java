package dev.ringside.virtio.blk.limit;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much of a {@link LimitKind} may pass: requests or bytes.
 *
 * @param rate in a second; 0: any
 * @param burst at once after a pause; 0: what 100 ms bring
 */
public record Limit(long rate, long burst) {
    /** No limit. */
    public static final Limit NONE = new Limit(0, 0);

    private static final Pattern FORM =
            Pattern.compile("([0-9]{1,13})([kKMGT]?)(?:,burst=([0-9]{1,13})([kKMGT]?))?");
    private static final String SUFFIXES = "KMGT";
    private static final String OFF = "off";

    /**
     * Reads {@code RATE}, {@code RATE,burst=AMOUNT} or {@code off}. Suffixes are powers of 1000 for
     * requests and of 1024 for bytes.
     *
     * @param name how the option is written, for the message
     * @throws IllegalArgumentException that names the option, the value and what is allowed
     */
    public static Limit parse(LimitKind kind, String name, String text) {
        if (text.equals(OFF)) {
            return NONE;
        }
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw refused(kind, name, text);
        }
        long rate = number(kind, matcher.group(1), matcher.group(2));
        long burst =
                matcher.group(3) == null ? 0 : number(kind, matcher.group(3), matcher.group(4));
        boolean burstGiven = matcher.group(3) != null;
        if (rate < kind.least()
                || rate > kind.most()
                || burst > kind.most()
                || (burstGiven && burst == 0)) {
            throw refused(kind, name, text);
        }
        return new Limit(rate, burst);
    }

    private static long number(LimitKind kind, String digits, String suffix) {
        long value = Long.parseLong(digits);
        long factor = kind.bytes() ? 1024 : 1000;
        int power = suffix.isEmpty() ? 0 : SUFFIXES.indexOf(suffix.replace('k', 'K')) + 1;
        for (int i = 0; i < power; i++) {
            if (value > kind.most()) {
                return Long.MAX_VALUE;
            }
            value *= factor;
        }
        return value;
    }

    private static IllegalArgumentException refused(LimitKind kind, String name, String text) {
        return new IllegalArgumentException(
                name
                        + "="
                        + text
                        + (kind.bytes()
                                ? " is not bytes per second from 1K to 1T: write 100M, or"
                                        + " 100M,burst=400M, or off"
                                : " is not requests per second from 1 to 1000M: write 500, or"
                                        + " 20k,burst=50k, or off"));
    }

    /** Whether any amount may pass. */
    public boolean isNone() {
        return rate == 0;
    }

    /** As {@link #parse} reads it. */
    public String text() {
        return isNone() ? OFF : burst == 0 ? Long.toString(rate) : rate + ",burst=" + burst;
    }
}
