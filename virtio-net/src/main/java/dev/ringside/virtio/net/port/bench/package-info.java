/**
 * Ports for measuring and testing, which lead nowhere: a sink, a loop and a source. Nothing on
 * their way costs more than the measured device does.
 */
@NullMarked
package dev.ringside.virtio.net.port.bench;

import org.jspecify.annotations.NullMarked;
