/**
 * The command line: what the operator typed becomes checked options, and those become a running
 * device.
 *
 * <p>Callers may assume that nothing is opened, created or changed before every option was checked,
 * that a failed start leaves nothing behind, and that only {@link Main} ends the process. Every
 * message for the operator is one line on stderr that names the thing, the value and the way out.
 */
@NullMarked
package dev.ringside.server.cli;

import org.jspecify.annotations.NullMarked;
