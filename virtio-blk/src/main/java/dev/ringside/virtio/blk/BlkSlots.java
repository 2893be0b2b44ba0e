package dev.ringside.virtio.blk;

import dev.ringside.virtio.blk.backend.BlockIo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A queue's requests, all made when it starts. Most requests have few extents, so most slots are
 * small; some take what seg_max allows by default; the last ones take whatever the ring can carry.
 * One more slot, which is never handed out, is for the device's own flush. Confined to the shard.
 */
final class BlkSlots {
    private static final int SMALL_EXTENTS = 8;
    private static final int MAX_SMALL_SLOTS = 1024;
    private static final int MEDIUM_EXTENTS = 136;
    private static final int MEDIUM_SLOTS = 24;
    private static final int LARGE_SLOTS = 2;

    private final BlkRequest[] requests;
    private final BlockIo[] ios;
    private final Pool[] pools;
    private final Pool small;

    /** For a ring of so many descriptors, whose chains have so many entries at most. */
    BlkSlots(int queueSize, int maxEntries) {
        List<BlockIo> made = new ArrayList<>();
        pools =
                new Pool[] {
                    new Pool(
                            made,
                            Math.min(queueSize, MAX_SMALL_SLOTS),
                            Math.min(SMALL_EXTENTS, maxEntries)),
                    new Pool(
                            made,
                            Math.min(queueSize, MEDIUM_SLOTS),
                            Math.min(MEDIUM_EXTENTS, maxEntries)),
                    new Pool(made, LARGE_SLOTS, maxEntries)
                };
        small = pools[0];
        made.add(new BlockIo(made.size(), 1));
        ios = made.toArray(BlockIo[]::new);
        requests = new BlkRequest[ios.length];
        for (int i = 0; i < ios.length; i++) {
            requests[i] = new BlkRequest(ios[i]);
        }
    }

    /** What the channel is opened with. */
    BlockIo[] ios() {
        return ios;
    }

    BlkRequest request(int slot) {
        return requests[slot];
    }

    /** The device's own flush. */
    BlkRequest internalFlush() {
        return requests[requests.length - 1];
    }

    /** A free request for a chain of so many entries, null when there is none now. */
    @Nullable BlkRequest take(int entries) {
        Pool common = small;
        if (entries <= common.extents && common.count > 0) {
            return requests[common.free[--common.count]];
        }
        for (Pool pool : pools) {
            if (entries <= pool.extents && pool.count > 0) {
                return requests[pool.free[--pool.count]];
            }
        }
        return null;
    }

    /** Gives back a request that {@link #take} answered. */
    void give(BlkRequest request) {
        int slot = request.io().slot();
        Pool pool = small;
        for (int i = 1; slot >= pool.end; i++) {
            pool = pools[i];
        }
        pool.free[pool.count++] = slot;
    }

    /** The free slots of one size: a run of slot numbers. */
    private static final class Pool {
        private final int extents;
        private final int end;
        private final int[] free;
        private int count;

        /** Makes the slots, and numbers them after those that were made before. */
        Pool(List<BlockIo> made, int slots, int extents) {
            this.extents = extents;
            free = new int[slots];
            for (int i = 0; i < slots; i++) {
                free[count++] = made.size();
                made.add(new BlockIo(made.size(), extents));
            }
            end = made.size();
        }
    }
}
