package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LifeTime;
import dev.ringside.virtqueue.device.ShardContext;
import org.jspecify.annotations.Nullable;

/**
 * One disk's storage. Shared: every method but {@link #openChannel} may be called by any thread.
 * Several channels, on several shards, may be open at once.
 */
public interface BlockBackend extends AutoCloseable {
    /**
     * One line for the operator: what it is, how it is reached, and any fall-back with its cause.
     */
    String describe();

    /** What does not change while it is open. */
    BlockTraits traits();

    /** Size of the disk in bytes, a multiple of the logical block size. Changes with refresh. */
    long capacityBytes();

    /**
     * Looks at the medium's size again.
     *
     * @return true when the capacity is another one now
     * @throws BackendException when the medium cannot be looked at or has an unusable size; the old
     *     capacity stays
     */
    boolean refresh() throws BackendException;

    /**
     * Gives the medium another size; {@link #refresh} sees it.
     *
     * @param newCapacityBytes at least one logical block
     * @throws BackendException when that cannot be; nothing changed then
     */
    default void resize(long newCapacityBytes) throws BackendException {
        throw new BackendException(
                describe()
                        + ": keeps its size as long as it is open: give it another one by its"
                        + " configuration");
    }

    /** Wear of the medium as it was last seen, null when the medium does not tell. */
    @Nullable LifeTime lifetime();

    /**
     * What another process needs to go on with the same storage, lock and content included; it
     * stays the backend's. Null: there is nothing to keep.
     */
    default @Nullable Fd storage() {
        return null;
    }

    /**
     * A channel for one queue. Called on the shard's thread, which is the only one that may use it.
     *
     * @param shard where it runs
     * @param requests every request that will ever be submitted, by slot: {@code requests[i].slot()
     *     == i}
     * @param completion told about requests that complete later
     */
    BlockChannel openChannel(ShardContext shard, BlockIo[] requests, BlockCompletion completion);

    /** Releases the storage. Every channel is closed already. Idempotent. */
    @Override
    void close();
}
