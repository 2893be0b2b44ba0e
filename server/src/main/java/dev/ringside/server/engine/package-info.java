/**
 * The threads: one conductor that owns every session's state machine, and shards that own queue
 * workers. They talk by commands and acknowledgements, never by shared mutable state.
 */
@NullMarked
package dev.ringside.server.engine;

import org.jspecify.annotations.NullMarked;
