/**
 * The ports {@code tap:} and {@code macvtap:}: an interface of the host whose other end is a guest.
 *
 * <p>A frame that the guest transmits goes to the kernel by one writev(2) from guest memory, one
 * that the host sends is read into memory of ours and copied once to the guest. Checksums and
 * segments that the guest accepts undone the kernel leaves undone, and the other way round.
 */
@NullMarked
package dev.ringside.virtio.net.port.tap;

import org.jspecify.annotations.NullMarked;
