package dev.ringside.server.engine;

import dev.ringside.vhostuser.RingState;
import org.jspecify.annotations.Nullable;

/**
 * One queue at a moment, for people.
 *
 * @param queue its index
 * @param state {@code running}, {@code disabled} by the front-end, {@code paused} by the operator,
 *     {@code waiting} for something that the front-end must send, {@code stopped}, or {@code
 *     broken}: it stopped itself
 * @param size descriptors; 0: not known yet
 * @param format {@code split} or {@code packed}
 * @param shard that serves it
 * @param inFlight chains that the driver has no answer to yet
 * @param chains taken since the process serves the device
 * @param kicks heard, likewise
 * @param calls made, likewise
 * @param fault why it stopped itself; null: it did not
 * @param since when that was, ISO 8601; null: it did not
 */
public record QueueStatus(
        int queue,
        String state,
        int size,
        String format,
        int shard,
        long inFlight,
        long chains,
        long kicks,
        long calls,
        @Nullable String fault,
        @Nullable String since) {
    /** What a ring's state is called. */
    static String state(RingState ring, boolean paused) {
        if (ring.faulted()) {
            return "broken";
        }
        if (ring.started()) {
            return !ring.enabled() ? "disabled" : paused ? "paused" : "running";
        }
        return ring.waiting() ? "waiting" : "stopped";
    }
}
