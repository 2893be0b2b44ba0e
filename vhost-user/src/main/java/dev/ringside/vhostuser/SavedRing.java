package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import dev.ringside.virtqueue.RingFault;
import org.jspecify.annotations.Nullable;

/**
 * A ring of a {@link SavedSession}, as far as the front-end has set it up.
 *
 * @param index which queue
 * @param size SET_VRING_NUM; 0: did not come
 * @param base where to go on, as {@link dev.ringside.virtqueue.Virtqueue#base()} counts; null: at
 *     the start
 * @param stoppedAt its base when the device status became zero; null: none
 * @param enabled SET_VRING_ENABLE
 * @param running it ran when the session was parked, and goes on when it is unparked
 * @param kicked SET_VRING_KICK came: it starts when the rest is there
 * @param faulted it stopped itself, or could not be started
 * @param fault why it stopped itself; null: it did not, or was not running
 * @param addresses SET_VRING_ADDR; null: did not come
 * @param logAddress what writes to its used ring are logged as; null: they are not
 * @param kick SET_VRING_KICK's; null: none, or the ring is polled
 * @param call SET_VRING_CALL's; null: the driver polls
 * @param err SET_VRING_ERR's; null: nobody listens
 */
public record SavedRing(
        int index,
        int size,
        @Nullable Integer base,
        @Nullable Integer stoppedAt,
        boolean enabled,
        boolean running,
        boolean kicked,
        boolean faulted,
        @Nullable RingFault fault,
        @Nullable Addresses addresses,
        @Nullable Long logAddress,
        @Nullable Fd kick,
        @Nullable Fd call,
        @Nullable Fd err) {
    /**
     * Where a ring lies, in user addresses.
     *
     * @param descriptor the descriptor area
     * @param available the driver area
     * @param used the device area
     */
    public record Addresses(long descriptor, long available, long used) {}
}
