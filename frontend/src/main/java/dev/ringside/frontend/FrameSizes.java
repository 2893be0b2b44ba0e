package dev.ringside.frontend;

import java.util.Random;

/** How long the frames of a load are, Ethernet header included. Immutable. */
public final class FrameSizes {
    /**
     * The usual mix of the Internet: of twelve frames seven of 64 bytes, four of 590 and one of
     * 1514, which is 353 bytes on average.
     */
    public static final FrameSizes IMIX =
            new FrameSizes(64, 1514, 64, 590, 64, 64, 590, 64, 1514, 64, 590, 64, 590, 64);

    private final int least;
    private final int most;
    private final int[] turns;

    private FrameSizes(final int least, final int most, final int... turns) {
        this.least = least;
        this.most = most;
        this.turns = turns;
    }

    /** Any length between two, equally often. */
    public static FrameSizes between(final int least, final int most) {
        return new FrameSizes(least, most);
    }

    /** The shortest. */
    public int least() {
        return least;
    }

    /** The longest. */
    public int most() {
        return most;
    }

    /** The length of the {@code i}th frame. */
    int of(final int i, final Random random) {
        return turns.length > 0 ? turns[i % turns.length] : random.nextInt(least, most + 1);
    }

    /** For a sentence: "64", "64 to 1518", "imix". */
    @Override
    public String toString() {
        if (turns.length > 0) {
            return "imix";
        }
        return least == most ? Integer.toString(least) : least + " to " + most;
    }
}
