package dev.ringside.virtqueue;

/**
 * Where a ring lies, in the front-end's user addresses, as SET_VRING_NUM and SET_VRING_ADDR give
 * it.
 *
 * @param index which queue of the device
 * @param size Queue Size: number of descriptors
 * @param descriptorUserAddress the descriptor area (split ring: descriptor table)
 * @param driverUserAddress the driver area (split ring: available ring)
 * @param deviceUserAddress the device area (split ring: used ring)
 */
public record RingLayout(
        int index,
        int size,
        long descriptorUserAddress,
        long driverUserAddress,
        long deviceUserAddress) {}
