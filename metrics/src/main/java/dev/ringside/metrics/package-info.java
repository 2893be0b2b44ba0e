/**
 * Single-writer counters, latency histograms and the registry that shows them.
 *
 * <p>What callers may assume:
 *
 * <ul>
 *   <li>Every counter and histogram has one writing thread at a time; any thread may read. Nothing
 *       here locks, blocks or allocates on the writing side.
 *   <li>A reader sees each value whole and never older than a moment ago, but no two values of one
 *       moment: a snapshot is not a consistent cut.
 *   <li>The catalogue of counters is an enum per subject ({@link dev.ringside.metrics.MetricName}):
 *       what is not in an enum is not counted.
 * </ul>
 */
@NullMarked
package dev.ringside.metrics;

import org.jspecify.annotations.NullMarked;
