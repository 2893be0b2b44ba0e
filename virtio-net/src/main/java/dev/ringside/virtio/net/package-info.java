/**
 * The network device (virtio 1.3, section 5.1), over any {@link
 * dev.ringside.virtio.net.port.PacketPort}.
 *
 * <p>What callers may assume: {@link dev.ringside.virtio.net.NetDevice} keeps the promises of
 * {@link dev.ringside.virtqueue.device.VirtioDevice}; a transmitted chain is completed exactly
 * once, when nothing reads its memory any more; what a port gets was checked against the negotiated
 * features and the frame's length; a receive buffer's used length is what was written, and every
 * byte of it was. Multi-byte fields are little-endian, also for drivers without VIRTIO_F_VERSION_1.
 */
@NullMarked
package dev.ringside.virtio.net;

import org.jspecify.annotations.NullMarked;
