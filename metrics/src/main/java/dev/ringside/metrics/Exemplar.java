package dev.ringside.metrics;

/**
 * One duration of many, as an example.
 *
 * @param durationNs how long it was, in nanoseconds
 * @param timeMs when it ended, in milliseconds of Unix time
 * @param place where, as the subject counts places: of a disk's request the sector
 */
public record Exemplar(long durationNs, long timeMs, long place) {}
