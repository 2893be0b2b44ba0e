/** Microbenchmarks of disks. */
@NullMarked
package dev.ringside.bench.blk;

import org.jspecify.annotations.NullMarked;
