/** Microbenchmarks of what is done to frames. */
@NullMarked
package dev.ringside.bench.net;

import org.jspecify.annotations.NullMarked;
