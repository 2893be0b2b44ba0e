/** Tests of offloads in software, against an implementation that shares nothing with them. */
@NullMarked
package dev.ringside.virtio.net.offload;

import org.jspecify.annotations.NullMarked;
