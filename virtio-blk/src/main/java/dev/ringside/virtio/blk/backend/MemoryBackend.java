package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LifeTime;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.device.ShardContext;
import org.jspecify.annotations.Nullable;

/**
 * A disk in this process's memory: fast, and gone when the process ends. Pages take host memory
 * only once they were written to.
 */
public final class MemoryBackend implements BlockBackend {
    private final MemoryRegion region;
    private final BlockTraits traits;

    private MemoryBackend(MemoryRegion region, boolean readOnly) {
        this.region = region;
        boolean writable = !readOnly;
        traits =
                new BlockTraits(
                        512, 4096, readOnly, false, true, writable, 512, writable, false, writable);
    }

    /**
     * A disk full of zeroes.
     *
     * @param capacityBytes a multiple of 512
     * @throws BackendException when the memory cannot be had
     */
    public static MemoryBackend create(long capacityBytes, boolean readOnly)
            throws BackendException {
        try {
            return of(Memfd.create("ringside-disk", capacityBytes), capacityBytes, readOnly);
        } catch (LinuxException e) {
            throw noRoom(capacityBytes, e);
        }
    }

    /**
     * The disk that another backend had in its memory.
     *
     * @param storage its {@link #storage}; consumed
     * @throws BackendException when it cannot be mapped, or is smaller
     */
    public static MemoryBackend of(Fd storage, long capacityBytes, boolean readOnly)
            throws BackendException {
        try {
            return new MemoryBackend(MemoryRegion.map(storage, 0, 0, capacityBytes, 0), readOnly);
        } catch (LinuxException e) {
            throw noRoom(capacityBytes, e);
        }
    }

    private static BackendException noRoom(long capacityBytes, LinuxException e) {
        return new BackendException(
                "memory: no room for "
                        + Sizes.text(capacityBytes)
                        + " ("
                        + e.getMessage()
                        + "); choose a smaller size=",
                e);
    }

    @Override
    public Fd storage() {
        return region.fd();
    }

    @Override
    public String describe() {
        return "memory, " + Sizes.text(capacityBytes()) + ", gone when the process ends";
    }

    @Override
    public BlockTraits traits() {
        return traits;
    }

    @Override
    public long capacityBytes() {
        return region.sizeBytes();
    }

    @Override
    public boolean refresh() {
        return false;
    }

    @Override
    public @Nullable LifeTime lifetime() {
        return null;
    }

    @Override
    public BlockChannel openChannel(
            ShardContext shard, BlockIo[] requests, BlockCompletion completion) {
        return new MemoryChannel(region.segment(), shard, requests, completion);
    }

    @Override
    public void close() {
        region.close();
    }
}
