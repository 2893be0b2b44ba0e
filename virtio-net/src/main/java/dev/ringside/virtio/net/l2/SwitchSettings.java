package dev.ringside.virtio.net.l2;

/**
 * What an operator chooses about a switch.
 *
 * @param ageingSeconds how long an address that is not seen stays known (IEEE 802.1Q, table 8-6)
 * @param maxPorts most ports at a time
 * @param inboxFrames most frames that wait for one queue of a destination, a power of two
 * @param inboxShare most of them that came in on one port
 * @param stallMs a destination that has had no room for a frame for so long is given none, until it
 *     has room
 */
public record SwitchSettings(
        int ageingSeconds, int maxPorts, int inboxFrames, int inboxShare, int stallMs) {
    private static final int DEFAULT_AGEING_SECONDS = 300;
    private static final int MAX_AGEING_SECONDS = 1_000_000;
    private static final int DEFAULT_INBOX_FRAMES = 256;
    private static final int MAX_INBOX_FRAMES = 1 << 16;
    private static final int DEFAULT_INBOX_SHARE = 64;
    private static final int DEFAULT_STALL_MS = 10;
    private static final int MAX_STALL_MS = 10_000;

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException that names it and what is allowed
     */
    public SwitchSettings {
        check("ageing", ageingSeconds, 1, MAX_AGEING_SECONDS);
        check("max-ports", maxPorts, 2, MacTable.MAX_PORTS);
        check("inbox-frames", inboxFrames, 2, MAX_INBOX_FRAMES);
        check("inbox-share", inboxShare, 1, inboxFrames);
        check("stall-ms", stallMs, 1, MAX_STALL_MS);
        if (Integer.bitCount(inboxFrames) != 1) {
            throw new IllegalArgumentException(
                    "inbox-frames " + inboxFrames + ": must be a power of two");
        }
    }

    private static void check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    name + " " + value + ": must be a number from " + min + " to " + max);
        }
    }

    /** Addresses live for 300 seconds; up to 1024 ports. */
    public static SwitchSettings defaults() {
        return new SwitchSettings(
                DEFAULT_AGEING_SECONDS,
                MacTable.MAX_PORTS,
                DEFAULT_INBOX_FRAMES,
                DEFAULT_INBOX_SHARE,
                DEFAULT_STALL_MS);
    }

    /** The same with another time for addresses. */
    public SwitchSettings withAgeingSeconds(int value) {
        return new SwitchSettings(value, maxPorts, inboxFrames, inboxShare, stallMs);
    }

    /** The same with another number of ports. */
    public SwitchSettings withMaxPorts(int value) {
        return new SwitchSettings(ageingSeconds, value, inboxFrames, inboxShare, stallMs);
    }

    /** The same with other inboxes. */
    public SwitchSettings withInbox(int frames, int share) {
        return new SwitchSettings(ageingSeconds, maxPorts, frames, share, stallMs);
    }
}
