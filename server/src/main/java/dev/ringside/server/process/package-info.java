/**
 * One process that serves: its parts (disks, NICs, uplinks), its sockets and metrics, and how it
 * starts, changes, hands over and ends.
 *
 * <p>A failed start leaves nothing behind; so does a failed change of what is served.
 */
@NullMarked
package dev.ringside.server.process;

import org.jspecify.annotations.NullMarked;
