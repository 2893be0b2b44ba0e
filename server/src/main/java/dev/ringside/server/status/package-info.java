/**
 * How a running process is, at a moment and for people: for the status page and {@code ringside
 * top}.
 *
 * <p>Callers may assume that nothing is computed, and no thread of the engine disturbed, unless
 * somebody asks. What is told are totals since the start; whoever asks twice has the rates.
 */
@NullMarked
package dev.ringside.server.status;

import org.jspecify.annotations.NullMarked;
