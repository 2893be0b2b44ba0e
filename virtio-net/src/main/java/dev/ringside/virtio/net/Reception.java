package dev.ringside.virtio.net;

import org.jspecify.annotations.Nullable;

/**
 * What the driver chose about what it receives, by its control queue (section 5.1.6.5).
 *
 * @param controlled its control queue is served here, and not by the front-end
 * @param guestOffloads GUEST_ feature bits that are in force
 * @param pairs how many queue pairs are in use
 * @param filter which frames it wants
 * @param hash how it wants them hashed; null: not at all
 */
record Reception(
        boolean controlled,
        long guestOffloads,
        int pairs,
        ReceiveFilter filter,
        @Nullable HashRules hash) {
    /** Before the driver has chosen anything. */
    static Reception initial(long negotiated) {
        return new Reception(false, negotiated, NetConfig.MAX_QUEUE_PAIRS, ReceiveFilter.ALL, null);
    }

    Reception withControlled(boolean value) {
        return new Reception(value, guestOffloads, pairs, filter, hash);
    }

    Reception withGuestOffloads(long value) {
        return new Reception(controlled, value, pairs, filter, hash);
    }

    Reception withPairs(int value) {
        return new Reception(controlled, guestOffloads, value, filter, hash);
    }

    Reception withHash(@Nullable HashRules value) {
        return new Reception(controlled, guestOffloads, pairs, filter, value);
    }

    Reception withFilter(ReceiveFilter value) {
        return new Reception(controlled, guestOffloads, pairs, value, hash);
    }
}
