/** Conductor and shards: the only code that creates threads. */
@NullMarked
package dev.ringside.server.engine;

import org.jspecify.annotations.NullMarked;
