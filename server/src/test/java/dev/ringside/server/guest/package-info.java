/**
 * Real guests in QEMU, and DPDK as a front-end without one. Each test of a guest boots a Linux, or
 * lets SeaBIOS boot one, on a disk that a Ringside process of its own serves.
 *
 * <p>{@code -Dringside.guest.peer=true} serves the disks with qemu-storage-daemon instead: what
 * fails there too is the fault of the test or of QEMU, not of Ringside.
 */
@NullMarked
package dev.ringside.server.guest;

import org.jspecify.annotations.NullMarked;
