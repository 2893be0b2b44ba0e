package dev.ringside.virtqueue;

import dev.ringside.shm.Prefetch;
import java.lang.foreign.MemorySegment;

/**
 * Has the processor fetch the beginnings of buffers whose descriptors are read ahead, before their
 * chains are taken: their cache misses overlap. Only hints: nothing is checked but where a buffer
 * begins, and one that is somewhere unusual is left out. Confined to its queue's thread.
 */
final class BuffersAhead {
    private final GuestBuffers buffers;
    private final long[] places = new long[ReadAhead.ROOM];
    private final MemorySegment list = MemorySegment.ofArray(places);
    private final int bytes;
    private final boolean writable;

    /**
     * For the buffers of one kind.
     *
     * @param bytes how many bytes of each, more than 0
     * @param writable whether they are those that the device writes
     */
    BuffersAhead(GuestBuffers buffers, int bytes, boolean writable) {
        this.buffers = buffers;
        this.bytes = bytes;
        this.writable = writable;
    }

    /**
     * Fetches buffers by their descriptors.
     *
     * @param words among which descriptors are: the first one's address is at {@code first}, the
     *     word with its flags behind it, the next one {@code step} further on
     * @param count how many: up to {@link ReadAhead#ROOM}
     * @param writeFlag where a descriptor's second word says that the buffer is writable
     */
    void fetch(long[] words, int first, int count, int step, long writeFlag) {
        long wanted = writable ? writeFlag : 0;
        long start = buffers.nearStart();
        long last = buffers.nearBytes() - bytes;
        long host = buffers.nearHostStart();
        long[] into = places;
        int found = 0;
        for (int i = 0; i < count; i++) {
            int at = first + step * i;
            long offset = words[at] - start;
            if (offset >= 0 && offset <= last && (words[at + 1] & writeFlag) == wanted) {
                into[found++] = host + offset;
            }
        }
        if (found == 0) {
            return;
        }
        if (writable) {
            Prefetch.eachToWrite(list, found, bytes);
        } else {
            Prefetch.eachToRead(list, found, bytes);
        }
    }
}
