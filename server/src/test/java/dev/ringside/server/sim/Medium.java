package dev.ringside.server.sim;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Sectors behind a volatile cache: each remembers what was written to it since it was last made
 * durable, for a loss of power leaves it with any of that.
 */
final class Medium {
    /** By sector: what is durable, then what was written later. */
    private final long[][] values;

    private final int[] counts;

    /** By sector: which of all writes that the sector ever had is the durable one. */
    private final long[] durable;

    Medium(final int sectors) {
        values = new long[sectors][4];
        counts = new int[sectors];
        Arrays.fill(counts, 1);
        durable = new long[sectors];
    }

    int sectors() {
        return counts.length;
    }

    long read(final int sector) {
        return values[sector][counts[sector] - 1];
    }

    void write(final int sector, final long value, final boolean throughCache) {
        if (counts[sector] == values[sector].length) {
            values[sector] = Arrays.copyOf(values[sector], 2 * counts[sector]);
        }
        values[sector][counts[sector]++] = value;
        if (throughCache) {
            flush(sector, durable[sector] + counts[sector] - 1);
        }
    }

    /** A mark of everything written so far, for {@link #flush(long[])}. */
    long[] written() {
        final long[] mark = new long[counts.length];
        for (int i = 0; i < mark.length; i++) {
            mark[i] = durable[i] + counts[i] - 1;
        }
        return mark;
    }

    /** Makes durable what was written before the mark was taken, and nothing else. */
    void flush(final long[] mark) {
        for (int i = 0; i < mark.length; i++) {
            flush(i, mark[i]);
        }
    }

    private void flush(final int sector, final long upTo) {
        final int dropped = (int) (upTo - durable[sector]);
        if (dropped > 0) {
            counts[sector] -= dropped;
            System.arraycopy(values[sector], dropped, values[sector], 0, counts[sector]);
            durable[sector] = upTo;
        }
    }

    void powerLost(final SplittableRandom random) {
        for (int i = 0; i < counts.length; i++) {
            values[i][0] = values[i][random.nextInt(counts[i])];
            counts[i] = 1;
        }
    }
}
