/**
 * Worlds of one thread and no real time: a driver, a front-end, a process that serves a disk, and
 * everything that can happen to them, chosen by a seed. The device, the session and the queues are
 * the real ones; the disk, the driver's wishes and the judgement are this package's own.
 *
 * <p>Nothing here may look at what the code under test believes: only at what the driver and the
 * disk see.
 */
@NullMarked
package dev.ringside.server.sim;

import org.jspecify.annotations.NullMarked;
