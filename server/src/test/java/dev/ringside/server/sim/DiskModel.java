package dev.ringside.server.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * What each sector of the disk may hold, judged by what the driver asked for and was told, and by
 * nothing else. A write that is not acknowledged may show and not show at any time; one that was
 * acknowledged before another was asked for can never follow it; what a read saw last, of that
 * which was settled when the read began, stays.
 */
final class DiskModel {
    private static final long NEVER = Long.MAX_VALUE;

    /** A write as one sector sees it. */
    private static final class Candidate {
        final long value;
        final long asked;
        long answered = NEVER;

        /** It certainly took effect before its answer; false for discards and failures. */
        boolean certain;

        /** When it was overwritten for sure; a read that began before may still have seen it. */
        long gone = NEVER;

        /** It cannot come back after a loss of power either. */
        boolean gonePower;

        Candidate(final long value, final long asked) {
            this.value = value;
            this.asked = asked;
        }

        @Override
        public String toString() {
            return Content.describe(value)
                    + " (asked "
                    + asked
                    + (answered == NEVER ? ", outstanding" : ", answered " + answered)
                    + (certain ? "" : ", uncertain")
                    + (gone == NEVER ? "" : ", gone " + gone)
                    + ")";
        }
    }

    private final List<List<Candidate>> sectors = new ArrayList<>();

    DiskModel(final int count) {
        for (int i = 0; i < count; i++) {
            final Candidate zeroes = new Candidate(Content.ZEROES, 0);
            zeroes.answered = 0;
            zeroes.certain = true;
            sectors.add(new ArrayList<>(List.of(zeroes)));
        }
    }

    int sectors() {
        return sectors.size();
    }

    /** The driver asks for a sector to hold something. */
    void asked(final int sector, final long value, final long now) {
        sectors.get(sector).add(new Candidate(value, now));
    }

    /**
     * The driver was answered.
     *
     * @param asked when it had asked
     * @param certain it was told that this was done
     * @param durable what it was told holds through a loss of power
     */
    void answered(
            final int sector,
            final long value,
            final long asked,
            final long now,
            final boolean certain,
            final boolean durable) {
        final List<Candidate> all = sectors.get(sector);
        final Candidate own = find(all, value, asked);
        own.answered = now;
        own.certain = certain;
        if (!certain) {
            return;
        }
        for (final Candidate other : all) {
            if (other.answered < own.asked) {
                other.gone = Math.min(other.gone, now);
                other.gonePower |= durable;
            }
        }
    }

    private static Candidate find(final List<Candidate> all, final long value, final long asked) {
        for (int i = all.size() - 1; i >= 0; i--) {
            final Candidate candidate = all.get(i);
            if (candidate.asked == asked && candidate.value == value) {
                return candidate;
            }
        }
        throw new SimFailure("the model lost a write");
    }

    /** The driver reads: what it sees must be there, and settles what was before. */
    void read(final int sector, final long value, final long asked, final long now) {
        final List<Candidate> all = sectors.get(sector);
        boolean legal = false;
        for (final Candidate candidate : all) {
            legal |= candidate.value == value && candidate.gone > asked;
        }
        if (!legal) {
            throw new SimFailure(
                    "sector "
                            + sector
                            + ", read from "
                            + asked
                            + " to "
                            + now
                            + ", holds "
                            + Content.describe(value)
                            + "; legal: "
                            + all);
        }
        for (final Candidate candidate : all) {
            if (candidate.value != value && candidate.answered < asked) {
                candidate.gone = Math.min(candidate.gone, now);
            }
        }
    }

    /** A flush, asked for at a time, was answered: what was answered before it is durable. */
    void flushed(final long asked) {
        for (final List<Candidate> all : sectors) {
            if (all.size() > 1) {
                flushed(all, asked);
            }
        }
    }

    private static void flushed(final List<Candidate> all, final long flushAsked) {
        long latest = -1;
        for (final Candidate candidate : all) {
            if (candidate.certain && candidate.answered < flushAsked) {
                latest = Math.max(latest, candidate.asked);
            }
        }
        for (final Candidate candidate : all) {
            candidate.gonePower |= candidate.answered < latest;
        }
    }

    /** Forgets what no read that was asked for at this time, or later, can see any more. */
    void forgetBefore(final long oldestRead) {
        for (final List<Candidate> all : sectors) {
            if (all.size() > 1) {
                all.removeIf(candidate -> candidate.gonePower && candidate.gone < oldestRead);
            }
        }
    }

    /** Nothing that is outstanding will be answered, or done, after this. */
    void forsaken(final long now) {
        for (final List<Candidate> all : sectors) {
            for (final Candidate candidate : all) {
                if (candidate.answered == NEVER) {
                    candidate.answered = now;
                }
            }
        }
    }

    /** Power fails: whatever was not flushed may have been lost. */
    void powerLost(final long now) {
        forsaken(now);
        for (final List<Candidate> all : sectors) {
            all.removeIf(candidate -> candidate.gonePower);
            for (final Candidate candidate : all) {
                // Any of them may be the one that is left: none follows another any more.
                candidate.gone = NEVER;
                candidate.certain = false;
            }
        }
    }
}
