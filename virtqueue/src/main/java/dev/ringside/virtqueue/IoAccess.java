package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a queue needs when its addresses are an IOMMU's (VIRTIO_F_ACCESS_PLATFORM): notes what a
 * chain lacks, has it asked for, and knows what the chains in flight may touch.
 */
final class IoAccess {
    /** So many pages are asked for at once: more than a usual chain has. */
    static final int MAX_MISSES = 64;

    private final int queue;
    private final IoRanges inFlight;
    private final long[] pages = new long[MAX_MISSES];
    private final byte[] access = new byte[MAX_MISSES];
    private int misses;
    private TranslationListener listener = (index, wanted, how) -> {};

    /** A translation was asked for: nothing can be taken until the memory changes. */
    private boolean waiting;

    private IoAccess(int queue, int size) {
        this.queue = queue;
        inFlight = new IoRanges(size);
    }

    /** For a queue with these features; null: its addresses are guest addresses. */
    static @Nullable IoAccess of(long features, int queue, int size) {
        return (features & VirtioSpec.VIRTIO_F_ACCESS_PLATFORM) == 0
                ? null
                : new IoAccess(queue, size);
    }

    void listen(TranslationListener newListener) {
        listener = newListener;
    }

    IoRanges inFlight() {
        return inFlight;
    }

    boolean waiting() {
        return waiting;
    }

    /** The ring itself is not translated: whoever gives translations knows. */
    void waitForRing() {
        waiting = true;
    }

    /** Another memory is there: what was missing may be in it. */
    void resume() {
        waiting = false;
    }

    /**
     * Whether a region allows an access; else its page is noted as missing: the IOMMU may know more
     * than it has told.
     */
    boolean allows(GuestMemory memory, int region, long address, boolean write) {
        int wanted = write ? Iotlb.WRITE : Iotlb.READ;
        if ((memory.access(region) & wanted) != 0) {
            return true;
        }
        miss(address, write);
        return false;
    }

    /** Notes that a page is missing. When there is no room the rest is noted the next time. */
    void miss(long address, boolean write) {
        long page = address & -Iotlb.PAGE_BYTES;
        byte wanted = (byte) (write ? Iotlb.WRITE : Iotlb.READ);
        for (int i = misses - 1; i >= 0; i--) {
            if (pages[i] == page && access[i] == wanted) {
                return;
            }
        }
        if (misses < MAX_MISSES) {
            pages[misses] = page;
            access[misses] = wanted;
            misses++;
        }
    }

    boolean full() {
        return misses == MAX_MISSES;
    }

    /** After a walk: true when the chain cannot be taken now. What it lacks is asked for once. */
    boolean lacking() {
        if (misses == 0) {
            return false;
        }
        int count = misses;
        misses = 0;
        waiting = true;
        listener.onMisses(queue, Arrays.copyOf(pages, count), Arrays.copyOf(access, count));
        return true;
    }
}
