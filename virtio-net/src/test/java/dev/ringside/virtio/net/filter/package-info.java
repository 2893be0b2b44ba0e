/** Tests of filters. */
@NullMarked
package dev.ringside.virtio.net.filter;

import org.jspecify.annotations.NullMarked;
