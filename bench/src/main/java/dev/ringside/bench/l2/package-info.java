/** What the switch promises between threads, tried by jcstress. */
@NullMarked
package dev.ringside.bench.l2;

import org.jspecify.annotations.NullMarked;
