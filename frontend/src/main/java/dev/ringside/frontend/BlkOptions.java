package dev.ringside.frontend;

import static dev.ringside.frontend.VhostUserSpec.bit;

/**
 * What a {@link BlkDriver} asks for.
 *
 * @param order whose messages, in whose order
 * @param queues how many queues to start
 * @param queueSize entries of each
 * @param features those the driver accepts of what the device offers
 * @param memorySlots accept CONFIGURE_MEM_SLOTS where the order knows it
 * @param indirectEntries size of the indirect table of each head; 0: none
 * @param inflight accept INFLIGHT_SHMFD where the order knows it
 */
public record BlkOptions(
        StartOrder order,
        int queues,
        int queueSize,
        long features,
        boolean memorySlots,
        int indirectEntries,
        boolean inflight)
        implements StartOptions {

    /** Every feature that this driver can work with. */
    public static final long ALL_FEATURES =
            bit(VirtioSpec.F_VERSION_1)
                    | bit(VirtioSpec.F_EVENT_IDX)
                    | bit(VirtioSpec.F_INDIRECT_DESC)
                    | bit(VhostUserSpec.F_PROTOCOL_FEATURES)
                    | bit(BlkSpec.F_SIZE_MAX)
                    | bit(BlkSpec.F_SEG_MAX)
                    | bit(BlkSpec.F_RO)
                    | bit(BlkSpec.F_BLK_SIZE)
                    | bit(BlkSpec.F_FLUSH)
                    | bit(BlkSpec.F_TOPOLOGY)
                    | bit(BlkSpec.F_CONFIG_WCE)
                    | bit(BlkSpec.F_MQ)
                    | bit(BlkSpec.F_DISCARD)
                    | bit(BlkSpec.F_WRITE_ZEROES)
                    | bit(BlkSpec.F_LIFETIME)
                    | bit(BlkSpec.F_SECURE_ERASE);

    /** One queue of 128, as QEMU starts it, with every feature. */
    public static BlkOptions defaults() {
        return new BlkOptions(StartOrder.QEMU, 1, 128, ALL_FEATURES, true, 0, true);
    }

    /** With another order. */
    public BlkOptions order(final StartOrder value) {
        return new BlkOptions(
                value, queues, queueSize, features, memorySlots, indirectEntries, inflight);
    }

    /** With another number of queues. */
    public BlkOptions queues(final int value) {
        return new BlkOptions(
                order, value, queueSize, features, memorySlots, indirectEntries, inflight);
    }

    /** With another queue size. */
    public BlkOptions queueSize(final int value) {
        return new BlkOptions(
                order, queues, value, features, memorySlots, indirectEntries, inflight);
    }

    /** With other features. */
    public BlkOptions features(final long value) {
        return new BlkOptions(
                order, queues, queueSize, value, memorySlots, indirectEntries, inflight);
    }

    /** Without a feature, by its bit number. */
    public BlkOptions without(final int featureBit) {
        return features(features & ~bit(featureBit));
    }

    /** With one more feature, by its bit number. */
    public BlkOptions with(final int featureBit) {
        return features(features | bit(featureBit));
    }

    /** Whether to accept CONFIGURE_MEM_SLOTS. */
    public BlkOptions memorySlots(final boolean value) {
        return new BlkOptions(order, queues, queueSize, features, value, indirectEntries, inflight);
    }

    /** With indirect tables of so many entries for each head. */
    public BlkOptions indirectEntries(final int value) {
        return new BlkOptions(order, queues, queueSize, features, memorySlots, value, inflight);
    }

    /** Whether to accept INFLIGHT_SHMFD. */
    public BlkOptions inflight(final boolean value) {
        return new BlkOptions(
                order, queues, queueSize, features, memorySlots, indirectEntries, value);
    }
}
