/** Single-writer counters and latency histograms. */
@NullMarked
package dev.ringside.metrics;

import org.jspecify.annotations.NullMarked;
