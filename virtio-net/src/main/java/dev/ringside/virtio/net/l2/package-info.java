/**
 * An Ethernet switch in the process (IEEE 802.1Q, without spanning trees): learns where addresses
 * are, keeps VLANs apart, and moves frames from one port to others with one copy.
 *
 * <p>Whatever decides something about a frame reads it from the frame's private head, so that what
 * was checked is what arrives. A frame goes straight into its destination when that is served by
 * the same shard and nothing waits there; else its destination's shard takes it out of an inbox.
 *
 * <p>Data path without locks: forwarding reads an immutable {@code Membership}, and addresses are
 * single longs that are compared and swapped. Ports come and go under the switch's lock.
 */
@NullMarked
package dev.ringside.virtio.net.l2;

import org.jspecify.annotations.NullMarked;
