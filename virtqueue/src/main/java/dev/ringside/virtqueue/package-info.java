/**
 * Virtqueues, device side (virtio 1.3, sections 2.6 to 2.7).
 *
 * <p>What callers may assume:
 *
 * <ul>
 *   <li>A virtqueue and its chains are confined to one thread at a time; ownership moves with a
 *       happens-before edge.
 *   <li>Taking, completing and publishing never lock, block, allocate, log or throw for anything
 *       that a driver does: a broken ring stops itself and says why ({@link
 *       dev.ringside.virtqueue.RingFault}).
 *   <li>A chain that was handed out is validated: its entries lie in the guest memory that the
 *       queue had then, its order, count and length obey the specification. What the entries hold
 *       is the driver's and may change at any time: read once, then check, then use.
 * </ul>
 */
@NullMarked
package dev.ringside.virtqueue;

import org.jspecify.annotations.NullMarked;
