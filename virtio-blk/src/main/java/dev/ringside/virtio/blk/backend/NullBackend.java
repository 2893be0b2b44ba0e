package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.LifeTime;
import dev.ringside.virtqueue.device.ShardContext;
import org.jspecify.annotations.Nullable;

/**
 * A disk without storage, for measuring everything but storage: writes vanish; reads leave the
 * guest's buffers as they are, or fill them with zeroes when asked to.
 */
public final class NullBackend implements BlockBackend {
    private static final BlockTraits TRAITS =
            new BlockTraits(512, 4096, false, false, true, true, 512, true, true, false);

    private final long capacityBytes;
    private final boolean readOnly;
    private final boolean readZeroes;

    /** With a size in bytes, a multiple of 512. */
    public NullBackend(long capacityBytes, boolean readOnly, boolean readZeroes) {
        this.capacityBytes = capacityBytes;
        this.readOnly = readOnly;
        this.readZeroes = readZeroes;
    }

    @Override
    public String describe() {
        return "null, "
                + Sizes.text(capacityBytes)
                + (readZeroes
                        ? ", reads give zeroes, writes vanish"
                        : ", reads touch no data, writes vanish");
    }

    @Override
    public BlockTraits traits() {
        return readOnly
                ? new BlockTraits(512, 4096, true, false, true, false, 512, false, false, false)
                : TRAITS;
    }

    @Override
    public long capacityBytes() {
        return capacityBytes;
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
        return readZeroes
                ? new MemoryChannel(null, shard, requests, completion)
                : new NullChannel();
    }

    @Override
    public void close() {}

    /** Every request is done at once. */
    private static final class NullChannel implements BlockChannel {
        @Override
        public int submit(BlockIo io) {
            return 0;
        }

        @Override
        public void poll() {}

        @Override
        public boolean congested() {
            return false;
        }

        @Override
        public boolean idle() {
            return true;
        }

        @Override
        public void close() {}
    }
}
