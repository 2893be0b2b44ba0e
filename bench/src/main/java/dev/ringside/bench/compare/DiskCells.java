package dev.ringside.bench.compare;

import dev.ringside.frontend.LoadOptions;
import java.io.IOException;
import java.util.List;

/**
 * Random reads and writes at several depths: a line of a report for each.
 *
 * @param depths requests in flight
 */
record DiskCells(Report report, Pace pace, List<Integer> depths) {
    /** One contestant. */
    interface Side {
        /** Reads or writes for so long. */
        Duel.Turn turn(boolean write, int depth, long durationNs) throws IOException;
    }

    /** Has both take turns. */
    void print(final Storage storage, final Side ringside, final Side peer) throws IOException {
        final Duel duel = new Duel(pace);
        for (final boolean write : new boolean[] {false, true}) {
            for (final int depth : depths) {
                report.cell(
                        storage,
                        write,
                        depth,
                        duel.fight(
                                durationNs -> ringside.turn(write, depth, durationNs),
                                durationNs -> peer.turn(write, depth, durationNs)));
            }
        }
    }

    /** A back-end, driven by this process. */
    Side side(final BackEnd backEnd) {
        return (write, depth, durationNs) -> {
            final LoadOptions load =
                    (write ? LoadOptions.randomWrite(depth) : LoadOptions.randomRead(depth))
                            .durationNs(durationNs)
                            .seed(depth);
            return backEnd.awake(() -> backEnd.drive(load, pace.frontendCpu())).turn();
        };
    }
}
