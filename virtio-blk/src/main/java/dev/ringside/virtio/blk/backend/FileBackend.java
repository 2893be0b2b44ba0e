package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.Fd;
import dev.ringside.shm.HostFile;
import dev.ringside.shm.IoUring;
import dev.ringside.shm.LifeTime;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A regular file or block device as a disk: the file's bytes are the disk's.
 *
 * <p>Every channel opens its own file description, because the kernel tells a failed write-back
 * once per description: so every channel's flushes learn of it.
 */
public final class FileBackend implements BlockBackend {
    private final FileMedium medium;
    private final Function<IoUring, FileRing> rings;
    private volatile long capacityBytes;
    private volatile @Nullable LifeTime lifetime;

    private FileBackend(FileMedium medium, Function<IoUring, FileRing> rings)
            throws BackendException {
        this.medium = medium;
        this.rings = rings;
        capacityBytes = medium.readCapacity();
        lifetime = medium.lifetime();
    }

    /**
     * Opens and locks an image. May block: never on a shard or the conductor.
     *
     * @throws BackendException when it is missing, not a file or block device, not permitted,
     *     empty, not a multiple of the block size, or in use
     */
    public static FileBackend open(FileOptions options) throws BackendException {
        return open(options, (Fd) null);
    }

    /**
     * As {@link #open(FileOptions)}, with the file that another process had open and locked.
     *
     * @param storage its {@link #storage}, the backend's from now on; null: open the path
     */
    static FileBackend open(FileOptions options, @Nullable Fd storage) throws BackendException {
        return of(FileProbe.open(options, storage), FileRing.Uring::new);
    }

    /** As {@link #open(FileOptions)}, with the ring wrapped: for tests. */
    static FileBackend open(FileOptions options, Function<IoUring, FileRing> rings)
            throws BackendException {
        return of(FileProbe.open(options, null), rings);
    }

    private static FileBackend of(FileMedium medium, Function<IoUring, FileRing> rings)
            throws BackendException {
        try {
            return new FileBackend(medium, rings);
        } catch (BackendException | RuntimeException e) {
            medium.close();
            throw e;
        }
    }

    @Override
    public Fd storage() {
        return medium.file().descriptor();
    }

    @Override
    public String describe() {
        return medium.describe(capacityBytes);
    }

    @Override
    public BlockTraits traits() {
        return medium.traits();
    }

    @Override
    public long capacityBytes() {
        return capacityBytes;
    }

    @Override
    public synchronized boolean refresh() throws BackendException {
        long now = medium.readCapacity();
        lifetime = medium.lifetime();
        boolean changed = now != capacityBytes;
        capacityBytes = now;
        return changed;
    }

    @Override
    public synchronized void resize(long newCapacityBytes) throws BackendException {
        medium.resize(newCapacityBytes);
    }

    @Override
    public @Nullable LifeTime lifetime() {
        return lifetime;
    }

    @Override
    public BlockChannel openChannel(
            ShardContext shard, BlockIo[] requests, BlockCompletion completion) {
        HostFile own = medium.reopen();
        return new FileChannel(medium, own, shard, rings.apply(shard.ring()), requests, completion);
    }

    @Override
    public void close() {
        medium.close();
    }
}
