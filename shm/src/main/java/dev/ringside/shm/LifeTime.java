package dev.ringside.shm;

/**
 * Wear of an eMMC device as its registers say (JESD84-B50), the values that virtio-blk's
 * VIRTIO_BLK_T_GET_LIFETIME hands on.
 *
 * @param preEol PRE_EOL_INFO: 1 normal, 2 warning, 3 urgent; 0 not defined
 * @param typeA DEVICE_LIFE_TIME_EST_TYP_A in steps of 10 %: 1 to 11; 0 not defined
 * @param typeB DEVICE_LIFE_TIME_EST_TYP_B likewise
 */
public record LifeTime(int preEol, int typeA, int typeB) {}
