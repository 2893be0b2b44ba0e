package dev.ringside.frontend;

/**
 * Which of the numbered frames of one pair came back: counts each once, and tells the late ones,
 * the doubled ones and those that were never sent. Remembers the last {@link #WINDOW} numbers. One
 * thread; allocates nothing after construction.
 */
final class FrameLedger {
    /** How far back a frame is still known for a double. */
    static final int WINDOW = 1 << 17;

    private final long[] seen = new long[WINDOW];
    private long next;
    private long highest = -1;
    private long received;
    private long duplicated;
    private long reordered;
    private long unknown;

    /** The number for the next frame to be sent. */
    long send() {
        return next++;
    }

    /** Takes a number that came back. */
    void receive(final long number) {
        if (number < 0 || number >= next) {
            unknown++;
            return;
        }
        final int slot = (int) number & (WINDOW - 1);
        if (seen[slot] == number + 1) {
            duplicated++;
            return;
        }
        seen[slot] = number + 1;
        received++;
        if (number > highest) {
            highest = number;
        } else {
            reordered++;
        }
    }

    /** Frames that are under way if none was lost: those sent after the last one that came. */
    long inFlight() {
        return next - 1 - highest;
    }

    long sent() {
        return next;
    }

    long received() {
        return received;
    }

    /** Frames that have not come. */
    long missing() {
        return next - received;
    }

    long duplicated() {
        return duplicated;
    }

    long reordered() {
        return reordered;
    }

    /** Frames that came with a number that was never sent. */
    long unknown() {
        return unknown;
    }
}
