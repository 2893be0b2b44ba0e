package dev.ringside.vhostuser;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.virtqueue.InflightRegion;
import dev.ringside.virtqueue.Virtqueue;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a queue needs to run. The eventfds and the memory stay the session's; the host
 * uses them until it has acknowledged the call that stops the queue or replaces them.
 *
 * @param queue the ring, validated; the host hands it back when it has stopped it
 * @param memory what the ring was validated against
 * @param inflight where the queue notes what is in flight, the session's; null: nowhere
 * @param kick signalled by the driver; null: the ring must be polled
 * @param call to signal the driver with; null: the driver polls
 * @param err to signal when the ring breaks; null: nobody listens
 * @param enabled false: keep the ring, take nothing from it
 */
public record QueueStart(
        Virtqueue queue,
        GuestMemory memory,
        @Nullable InflightRegion inflight,
        @Nullable EventFd kick,
        @Nullable EventFd call,
        @Nullable EventFd err,
        boolean enabled) {}
