package dev.ringside.server.options;

import dev.ringside.virtio.blk.limit.BlkLimits;

/**
 * Limits that several disks share.
 *
 * @param name what the disks call it
 * @param limits of all of them together
 */
public record LimitGroupOptions(String name, BlkLimits limits) {
    /** Checks the options of a group. */
    public static LimitGroupOptions parse(String name, Given given) throws OperatorException {
        return new LimitGroupOptions(name, RateOptions.parse(given));
    }
}
