/**
 * Real guests in QEMU, and DPDK as a front-end without one. Each test of a guest boots a Linux, or
 * lets the firmware boot one, on a disk or with a NIC that a Ringside process of its own serves.
 * What the NICs' guests talk to is in a network namespace of the test's own.
 *
 * <p>{@code -Dringside.guest.peer=true} serves the disks with qemu-storage-daemon instead, and puts
 * QEMU's own NICs on the TAPs: what fails there too is the fault of the test or of QEMU, not of
 * Ringside. Only Ringside has a switch, rate limits and captures: tests of those fail there.
 */
@NullMarked
package dev.ringside.server.guest;

import org.jspecify.annotations.NullMarked;
