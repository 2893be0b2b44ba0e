/**
 * The commands: from what was typed to what runs, or to one line on stderr that names the thing,
 * the value and the way out. Only {@link Main} ends the process.
 */
@NullMarked
package dev.ringside.server.cli;

import org.jspecify.annotations.NullMarked;
