/** What the device's side of a ring costs, and whether its races end well. */
@NullMarked
package dev.ringside.bench.ring;

import org.jspecify.annotations.NullMarked;
