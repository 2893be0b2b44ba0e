/** Microbenchmarks and the comparison with peers. */
@NullMarked
package dev.ringside.bench;

import org.jspecify.annotations.NullMarked;
