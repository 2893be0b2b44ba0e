/**
 * Every syscall, every restricted method and every mapping of the process.
 *
 * <p>What callers may assume:
 *
 * <ul>
 *   <li>Linux on x86-64 or aarch64; layouts and constants are checked against the C compiler.
 *   <li>Descriptors are close-on-exec; those that are polled never block, whatever a peer does to
 *       the flags of an open file that it shares, except where {@link
 *       dev.ringside.shm.EventFd#signal} says so.
 *   <li>A method throws {@link dev.ringside.shm.LinuxException}, whose message says what failed and
 *       what to do, or returns a negative number of {@link dev.ringside.shm.Errno} where its caller
 *       is on the data path. What is said to be for the data path allocates nothing.
 *   <li>Guest memory is reached through {@link dev.ringside.shm.GuestMemory} alone. Whatever a
 *       front-end does to it, an access ends: with what the front-end wrote, or, once it took the
 *       memory away, with zeroes and {@link dev.ringside.shm.MemoryRegion#poisoned}.
 *   <li>Whoever passes an address instead of a segment keeps the memory mapped until the call, or
 *       the io_uring operation, is finished.
 * </ul>
 */
@NullMarked
package dev.ringside.shm;

import org.jspecify.annotations.NullMarked;
