/**
 * The back-end side of vhost-user: message codec and session state machine, with no thread and no
 * socket of its own (QEMU docs/interop/vhost-user.rst).
 *
 * <p>What callers may assume and must keep:
 *
 * <ul>
 *   <li>A session is confined to one thread, the conductor. It never blocks, except in the system
 *       calls that map memory and close descriptors.
 *   <li>One message is in progress at a time. While {@link
 *       dev.ringside.vhostuser.VhostUserSession#idle()} is false the caller reads nothing from the
 *       socket.
 *   <li>Every descriptor that reaches a session is owned by it and closed by it, whatever becomes
 *       of the message.
 *   <li>A {@link dev.ringside.vhostuser.ProtocolException} is the only exception that bytes of a
 *       front-end can cause. It ends the session: stop its queues, then close it.
 *   <li>The {@link dev.ringside.vhostuser.SessionHost} borrows eventfds and memory until it has
 *       acknowledged the call that takes them away.
 * </ul>
 */
@NullMarked
package dev.ringside.vhostuser;

import org.jspecify.annotations.NullMarked;
