package dev.ringside.virtio.net.filter;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much may pass in one direction. Bits are those of frames without preamble and FCS; a frame
 * that is still to be segmented counts as the frames that it stands for, headers included.
 *
 * @param bitsPerSecond 0: no limit
 * @param packetsPerSecond 0: no limit
 * @param burstBits most bits at once after a pause; 0: 10 ms worth, but at least a frame of 1522
 *     bytes. A longer frame passes when the burst is full, and is waited for afterwards.
 * @param burstPackets most packets at once after a pause; 0: 10 ms worth, but at least one
 */
public record Rate(long bitsPerSecond, long packetsPerSecond, long burstBits, long burstPackets) {
    /** No limit. */
    public static final Rate UNLIMITED = new Rate(0, 0, 0, 0);

    /** The highest rate and the largest burst: a million million. */
    public static final long MAX = 1_000_000_000_000L;

    /** The lowest rate in bits. */
    public static final long MIN_BITS_PER_SECOND = 1000;

    private static final long BURSTS_PER_SECOND = 100;
    private static final long LONGEST_PLAIN_FRAME_BITS = 1522 * Byte.SIZE;
    private static final Pattern ITEM =
            Pattern.compile("(burst=)?([0-9]{1,15}(?:\\.[0-9]{1,9})?)([kKMGT]?)(bps|pps|p|b)?");
    private static final String FORM =
            "write bits or packets per second as in 100M, 1.5Gbps or 10kpps, or both with a comma"
                    + " between; and burst=2Mb or burst=500p";

    /** Checks the numbers. */
    public Rate {
        check("bits per second", bitsPerSecond, MIN_BITS_PER_SECOND);
        check("packets per second", packetsPerSecond, 1);
        check("burst in bits", burstBits, 1);
        check("burst in packets", burstPackets, 1);
        if ((burstBits > 0 && bitsPerSecond == 0) || (burstPackets > 0 && packetsPerSecond == 0)) {
            throw new IllegalArgumentException("a burst without a rate of its kind");
        }
    }

    private static void check(String what, long value, long min) {
        if (value != 0 && (value < min || value > MAX)) {
            throw new IllegalArgumentException(
                    what + ": " + value + ": must be from " + min + " to " + MAX);
        }
    }

    /**
     * Reads a rate: bits per second as in {@code 100M}, {@code 1.5G} or {@code 64kbps}, packets per
     * second as in {@code 10kpps}, or both, and bursts as in {@code burst=2Mb}, {@code burst=500p},
     * with commas between. Suffixes are powers of 1000. {@code off} is no limit.
     *
     * @param what names it in errors
     * @throws IllegalArgumentException that names it, the value and what is allowed
     */
    public static Rate parse(String what, String text) {
        if (text.toLowerCase(Locale.ROOT).equals("off")) {
            return UNLIMITED;
        }
        long[] values = new long[4];
        for (String item : text.split(",", -1)) {
            Matcher matcher = ITEM.matcher(item);
            if (!matcher.matches()) {
                throw refused(what, text, "\"" + item + "\" is not a rate: " + FORM);
            }
            String unit = matcher.group(4) == null ? "" : matcher.group(4);
            boolean burst = matcher.group(1) != null;
            if (!unit.isEmpty() && unit.endsWith("ps") == burst) {
                throw refused(what, text, "\"" + item + "\": " + FORM);
            }
            int index = (burst ? 2 : 0) + (unit.startsWith("p") ? 1 : 0);
            if (values[index] != 0) {
                throw refused(what, text, "\"" + item + "\": its kind is given twice");
            }
            values[index] = number(matcher.group(2), matcher.group(3));
            if (values[index] <= 0 || values[index] > MAX) {
                throw refused(what, text, "\"" + item + "\": must be from 1 to 1T");
            }
        }
        try {
            return new Rate(values[0], values[1], values[2], values[3]);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(what + "=" + text + ": " + e.getMessage(), e);
        }
    }

    private static long number(String digits, String suffix) {
        double value = Double.parseDouble(digits);
        for (int power = "kMGT".indexOf(suffix.replace('K', 'k')); power >= 0; power--) {
            value = suffix.isEmpty() ? value : value * 1000;
        }
        return Math.round(value);
    }

    private static IllegalArgumentException refused(String what, String text, String why) {
        return new IllegalArgumentException(what + "=" + text + ": " + why);
    }

    /** Whether everything may pass. */
    public boolean isUnlimited() {
        return bitsPerSecond == 0 && packetsPerSecond == 0;
    }

    /** The burst in bits that is in force. */
    public long effectiveBurstBits() {
        return burstBits != 0
                ? burstBits
                : Math.max(bitsPerSecond / BURSTS_PER_SECOND, LONGEST_PLAIN_FRAME_BITS);
    }

    /** The burst in packets that is in force. */
    public long effectiveBurstPackets() {
        return burstPackets != 0 ? burstPackets : Math.max(packetsPerSecond / BURSTS_PER_SECOND, 1);
    }
}
