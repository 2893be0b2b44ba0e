/** The command line. */
@NullMarked
package dev.ringside.server.cli;

import org.jspecify.annotations.NullMarked;
