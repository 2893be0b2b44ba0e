package dev.ringside.server.bench;

import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;

/** Says what kind of rings a load uses. */
final class QueueText {
    private QueueText() {}

    /** Such as {@code 2 queues of 256, packed}. */
    static String of(int queues, int size, long features) {
        return queues
                + (queues == 1 ? " queue of " : " queues of ")
                + size
                + (has(features, VirtioSpec.F_RING_PACKED) ? ", packed" : ", split")
                + (has(features, VirtioSpec.F_EVENT_IDX) ? "" : " without EVENT_IDX");
    }

    /** Refuses a back-end that cannot do what was asked for: figures would say something else. */
    static void check(Side side, boolean packed, long features) throws IOException {
        if (has(features, VirtioSpec.F_RING_PACKED) && !packed) {
            throw new IOException(
                    side.socket() + ": this back-end has no packed rings: leave --packed out");
        }
    }

    private static boolean has(long features, int bit) {
        return (features >>> bit & 1) != 0;
    }
}
