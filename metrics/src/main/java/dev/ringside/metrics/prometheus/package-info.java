/** Shows the counters to Prometheus. */
@NullMarked
package dev.ringside.metrics.prometheus;

import org.jspecify.annotations.NullMarked;
