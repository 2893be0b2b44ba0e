/**
 * What the operator asked for: the options that a command knows, and what was given of them.
 *
 * <p>Written here and not taken from a library because a start must be fast: the usual library took
 * a sixth of it. Callers may assume that every message is for the operator: it names the option,
 * the value and the way out.
 */
@NullMarked
package dev.ringside.server.config;

import org.jspecify.annotations.NullMarked;
