package dev.ringside.vhostuser;

import dev.ringside.shm.GuestMemory;

/**
 * One area of a ring.
 *
 * @param address a user address, or with VIRTIO_F_ACCESS_PLATFORM an I/O virtual address
 * @param access what the device does there, as in {@link dev.ringside.shm.Iotlb}
 */
record VringArea(long address, long bytes, int access) {
    long last() {
        return address + (bytes - 1);
    }

    boolean isIn(GuestMemory memory) {
        return memory.sliceRing(address, bytes, access) != null;
    }
}
