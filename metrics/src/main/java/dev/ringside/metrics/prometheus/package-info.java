/**
 * Shows the registry, the JVM and the process to Prometheus over HTTP.
 *
 * <p>Loaded only when metrics are asked for. Callers may assume that a slow or hostile HTTP client
 * costs a bounded amount of memory and no time of any other thread, and that a scrape reads
 * counters without making their writers wait.
 */
@NullMarked
package dev.ringside.metrics.prometheus;

import org.jspecify.annotations.NullMarked;
