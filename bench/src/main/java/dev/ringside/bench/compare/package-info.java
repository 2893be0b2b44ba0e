/**
 * Ringside and a peer side by side: both serve the same storage at the same time, one front-end
 * drives them in turn - who has not its turn uses no processor time - and only the ratios of
 * neighbouring runs are judged.
 *
 * <p>Callers may assume nothing about absolute figures: they belong to the machine and the hour.
 */
@NullMarked
package dev.ringside.bench.compare;

import org.jspecify.annotations.NullMarked;
