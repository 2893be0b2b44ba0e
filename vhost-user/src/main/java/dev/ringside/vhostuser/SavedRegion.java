package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;

/**
 * A memory region of a {@link SavedSession}.
 *
 * @param file what it is mapped from
 * @param guestAddress guest physical address of its first byte, unsigned
 * @param userAddress address of its first byte in the front-end's process, unsigned
 * @param sizeBytes size
 * @param mmapOffset where in the file it starts
 * @param repeats how often ADD_MEM_REG sent it again
 */
public record SavedRegion(
        Fd file,
        long guestAddress,
        long userAddress,
        long sizeBytes,
        long mmapOffset,
        int repeats) {}
