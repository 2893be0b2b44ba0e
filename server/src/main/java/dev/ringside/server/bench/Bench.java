package dev.ringside.server.bench;

import java.io.IOException;
import java.util.function.LongConsumer;

/** A load that can be put on a back-end. On the calling thread, with threads of its own. */
public interface Bench {
    /** What it does, for people: {@code random read, 4096 bytes, depth 32}. */
    String describe();

    /** What is counted: {@code requests} or {@code frames}. */
    String unit();

    /**
     * Connects, puts the load on for a while, and hangs up.
     *
     * @param durationNs how long
     * @param progress hears about once a second how many operations are done
     * @throws IOException when the back-end cannot be reached, refuses, or stops answering; the
     *     message says which
     */
    Turn turn(Side side, long durationNs, LongConsumer progress) throws IOException;
}
