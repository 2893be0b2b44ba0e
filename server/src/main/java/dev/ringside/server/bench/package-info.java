/**
 * {@code ringside bench}: drives any vhost-user back-end without a virtual machine and measures it.
 *
 * <p>A {@link Bench} does one turn at one {@link Side}; {@link Contest} has the sides take turns;
 * {@link BenchReport} says what came of it.
 */
@NullMarked
package dev.ringside.server.bench;

import org.jspecify.annotations.NullMarked;
