package dev.ringside.server.status;

/**
 * What a polling thread did since it began. The rest of the time it slept.
 *
 * @param shard its index
 * @param busyNs time in turns that found work
 * @param idleNs time in turns that found none: it was spinning
 * @param turns of both kinds
 * @param sleeps how often it went to sleep
 * @param stalls turns that took too long
 * @param failures unexpected ones
 */
public record ShardActivity(
        int shard, long busyNs, long idleNs, long turns, long sleeps, long stalls, long failures) {}
