/** Serves the counters over HTTP. */
@NullMarked
package dev.ringside.server.metrics;

import org.jspecify.annotations.NullMarked;
