package dev.ringside.virtqueue;

import dev.ringside.shm.Ranges;
import java.lang.foreign.MemorySegment;

/**
 * Chains of one buffer each, taken at once by {@link Virtqueue#nextBuffers}: all device-readable or
 * all device-writable, and all in one region of guest memory.
 *
 * <p>Made once, filled again and again. Confined to the queue's thread. Allocates only in its
 * constructor. Of the bytes the same is true as in a {@link DescriptorChain}.
 */
public final class BufferBurst {
    private static final int KEPT = -1;

    private final boolean writable;
    private final Ranges buffers;
    private final int[] heads;
    private final int[] written;

    /**
     * An empty burst.
     *
     * @param room the most chains
     * @param writable whether its buffers are those that the device writes; else those that it
     *     reads
     */
    public BufferBurst(int room, boolean writable) {
        this.writable = writable;
        buffers = new Ranges(room);
        heads = new int[room];
        written = new int[room];
    }

    /** The most chains. */
    public int room() {
        return heads.length;
    }

    /** How many chains there are. */
    public int count() {
        return buffers.count();
    }

    /** Their buffers, in the segment of a region; each has more than 0 bytes. */
    public Ranges buffers() {
        return buffers;
    }

    /** Name of chain {@code i}: {@link DescriptorChain#head()}. */
    public int head(int i) {
        return heads[i];
    }

    /** Says how many bytes were written, from its start, to the buffer of chain {@code i}. */
    public void setWritten(int i, int bytes) {
        written[i] = bytes;
    }

    /** Says that chain {@code i} stays in flight: its device completes it by its name. */
    public void keep(int i) {
        written[i] = KEPT;
    }

    /** Forgets the chains and the guest memory they lie in, so that it can be unmapped. */
    public void clear() {
        buffers.begin(MemorySegment.NULL);
    }

    boolean writable() {
        return writable;
    }

    int written(int i) {
        return written[i];
    }

    boolean isKept(int i) {
        return written[i] == KEPT;
    }

    /** Empties it for chains in a region. */
    void begin(MemorySegment region) {
        buffers.begin(region);
    }

    /** Chain {@code i}, which is one once it was {@link #added}. There is room for it. */
    void put(int i, int head, long offset, int length) {
        heads[i] = head;
        buffers.set(i, offset, length);
        written[i] = 0;
    }

    /** So many chains more. */
    void added(int more) {
        buffers.setCount(buffers.count() + more);
    }

    /** Its chains were completed or given back. */
    void empty() {
        buffers.setCount(0);
    }
}
