package dev.ringside.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A front-end's log of the pages that the device changed (vhost-user.rst, Migration): one bit for
 * each page of {@value #PAGE_BYTES} bytes, by guest address. The front-end takes bits out and
 * copies their pages while this process sets them. Any thread.
 *
 * <p>The log lies in a file of the front-end's: it is mapped and guarded like guest memory, and
 * nothing that a front-end says makes a write beyond it.
 */
public final class DirtyLog implements AutoCloseable {
    /** VHOST_LOG_PAGE. */
    public static final int PAGE_BYTES = 0x1000;

    private static final int PAGE_SHIFT = 12;
    private static final int WORD_SHIFT = 6;
    private static final long BIT_MASK = Long.SIZE - 1L;
    private static final VarHandle WORD =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final MemoryRegion region;
    private final MemorySegment words;
    private final long pages;

    /** Bits of {@link #words} before the one for address 0. */
    private final long leadBits;

    private DirtyLog(MemoryRegion region) {
        this.region = region;
        words = region.inWholeWords(Long.BYTES);
        leadBits = (region.hostAddress() - words.address()) * Byte.SIZE;
        pages = Math.min(region.sizeBytes(), Long.MAX_VALUE / Byte.SIZE) * Byte.SIZE;
    }

    /**
     * Maps a log.
     *
     * @param fd always consumed: closed on return, mapped or not
     * @param sizeBytes size of the log, more than 0: each byte is for 8 pages
     * @param offsetBytes where in the file the byte for address 0 is
     * @throws LinuxException EINVAL, with text, when the file has not so many bytes or cannot be
     *     shared without stalls; else what mmap says
     */
    public static DirtyLog map(Fd fd, long sizeBytes, long offsetBytes) throws LinuxException {
        // Only alignment matters of the two addresses that guest memory would have.
        long within = offsetBytes & (PAGE_BYTES - 1);
        return new DirtyLog(MemoryRegion.map(fd, within, within, sizeBytes, offsetBytes));
    }

    /** Its file; stays this object's. */
    public Fd fd() {
        return region.fd();
    }

    /** Size in bytes. */
    public long sizeBytes() {
        return region.sizeBytes();
    }

    /** Where in its file it begins. */
    public long offsetBytes() {
        return region.mmapOffset();
    }

    /**
     * Whether the log has a bit for every page of a range.
     *
     * @param guestAddress unsigned
     * @param length in bytes, not negative
     */
    public boolean covers(long guestAddress, long length) {
        if (length <= 0) {
            return length == 0;
        }
        long last = guestAddress + (length - 1);
        return Long.compareUnsigned(last, guestAddress) >= 0 && last >>> PAGE_SHIFT < pages;
    }

    /**
     * Sets the bits of every page that a range touches. Called after the bytes were written: who
     * takes a bit out copies the page afterwards. Data path: does not block or allocate.
     *
     * @param guestAddress unsigned
     * @param length in bytes, not negative
     * @return false, and nothing was set, when the log does not cover the range
     */
    public boolean mark(long guestAddress, long length) {
        if (!covers(guestAddress, length)) {
            return false;
        }
        if (length == 0) {
            return true;
        }
        // A bit that is set need not be set again, which keeps its line shared. But the look must
        // come after the bytes are out: else the front-end takes the bit, copies the page without
        // them, and nobody marks it again.
        VarHandle.fullFence();
        long bit = leadBits + (guestAddress >>> PAGE_SHIFT);
        long last = leadBits + ((guestAddress + (length - 1)) >>> PAGE_SHIFT);
        while (bit <= last) {
            long end = Math.min(last, bit | BIT_MASK);
            long mask = (-1L << (bit & BIT_MASK)) & (-1L >>> (BIT_MASK - (end & BIT_MASK)));
            long at = (bit >>> WORD_SHIFT) * Long.BYTES;
            if (((long) WORD.getOpaque(words, at) & mask) != mask) {
                WORD.getAndBitwiseOr(words, at, mask);
            }
            bit = end + 1;
        }
        return true;
    }

    /** As {@link MemoryRegion#poisoned}: the front-end cut the log's file. */
    public boolean poisoned() {
        return region.poisoned();
    }

    /** Unmaps it. Nobody marks any more. Does nothing the second time. */
    @Override
    public void close() {
        region.close();
    }
}
