/**
 * What can be put around any port: rate limits and live capture. A filter is a {@link
 * dev.ringside.virtio.net.port.PacketPort} around another one, and wraps the sinks of both
 * directions; with nothing switched on a frame costs one field's look.
 *
 * <p>Limits belong outside of capture ({@code RateLimitPort.around(CapturePort.around(port))}): so
 * a frame that has to wait is captured once, when it passes.
 */
@NullMarked
package dev.ringside.virtio.net.filter;

import org.jspecify.annotations.NullMarked;
