package dev.ringside.virtqueue;

import dev.ringside.shm.DirtyLog;
import dev.ringside.shm.EventFd;
import org.jspecify.annotations.Nullable;

/**
 * Where and what a queue logs of its writes to guest memory (vhost-user.rst, Migration). Immutable.
 *
 * @param pages the log; whoever gives it keeps it open until the queue has another one or none
 * @param data whether to mark what the device writes into buffers (VHOST_F_LOG_ALL)
 * @param ring whether to mark what it writes into the ring (VHOST_VRING_F_LOG)
 * @param ringAddress what a split ring's first byte of the device area is logged as ({@code
 *     log_guest_addr}, unsigned); has no meaning behind an IOMMU
 * @param changed signalled after each publish that marked something (SET_LOG_FD); null: nobody
 *     wants to know
 */
public record QueueLog(
        DirtyLog pages, boolean data, boolean ring, long ringAddress, @Nullable EventFd changed) {}
