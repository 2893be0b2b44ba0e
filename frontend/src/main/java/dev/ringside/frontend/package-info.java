/**
 * The other side of vhost-user, written from the specifications alone: a front-end that speaks the
 * protocol and a driver that fills virtqueues. Load generators and tests use it, against Ringside
 * and against other back-ends.
 *
 * <p>Callers may assume:
 *
 * <ul>
 *   <li>nothing here uses Ringside's own {@code virtqueue} or {@code vhost-user} modules, so that a
 *       misreading of the specification in one of them shows as a difference;
 *   <li>every class is confined to one thread at a time unless it says otherwise;
 *   <li>every wait has a time limit and fails with an {@link java.io.IOException} that says what
 *       was awaited;
 *   <li>the loops of {@link dev.ringside.frontend.BlkLoad} and {@link
 *       dev.ringside.frontend.NetLoad} allocate nothing.
 * </ul>
 */
@NullMarked
package dev.ringside.frontend;

import org.jspecify.annotations.NullMarked;
