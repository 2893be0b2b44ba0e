package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * One validated descriptor chain, as a list of entries in mapped memory: first the device-readable
 * ones, then the device-writable ones. A buffer that crosses adjacent regions, or that is longer
 * than {@value #MAX_ENTRY_BYTES} bytes, becomes several entries; a buffer of zero bytes becomes
 * none.
 *
 * <p>Made once, filled again and again by {@link Virtqueue#next}. Confined to the queue's thread.
 * Allocates only in its constructor. The bytes belong to a guest that may change them at any time:
 * copy once, check the copy, use the copy.
 */
public final class DescriptorChain {
    /** Longest entry: longer buffers are cut, so that a length is a positive {@code int}. */
    public static final int MAX_ENTRY_BYTES = 1 << 30;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int maxEntries;

    /** Two words per entry: the offset in its segment; its region and its length. */
    private final long[] entries;

    private GuestMemory memory = GuestMemory.empty();
    private int head;
    private int count;
    private int readableCount;
    private boolean writableBegun;
    private long readableBytes;
    private long writableBytes;

    /**
     * An empty chain.
     *
     * @param maxEntries room for so many entries; a longer chain stops its queue with {@link
     *     RingFault#CHAIN_TOO_LONG}. {@link Virtqueue#maxChainEntries()} takes every chain.
     * @throws IllegalArgumentException when not positive
     */
    public DescriptorChain(int maxEntries) {
        if (maxEntries <= 0) {
            throw new IllegalArgumentException(
                    "a chain for " + maxEntries + " entries: use at least 1");
        }
        this.maxEntries = maxEntries;
        this.entries = new long[2 * maxEntries];
    }

    /** The chain's name towards {@link Virtqueue#complete}. */
    public int head() {
        return head;
    }

    /** Number of entries. */
    public int count() {
        return count;
    }

    /** Number of device-readable entries; they come first. */
    public int readableCount() {
        return readableCount;
    }

    /** Bytes in the device-readable part: 0 to 2^32. */
    public long readableBytes() {
        return readableBytes;
    }

    /** Bytes in the device-writable part: 0 to 2^32. */
    public long writableBytes() {
        return writableBytes;
    }

    /** The region's segment in which entry {@code i} lies. */
    public MemorySegment segment(int i) {
        return memory.segment((int) (word(i, 1) >>> 32));
    }

    /** Offset of entry {@code i} in {@link #segment}. */
    public long offset(int i) {
        return word(i, 0);
    }

    /** Guest physical address of entry {@code i}. */
    public long guestAddress(int i) {
        return memory.guestAddress((int) (word(i, 1) >>> 32), word(i, 0));
    }

    /** Length of entry {@code i} in bytes: 1 to {@link #MAX_ENTRY_BYTES}. */
    public int length(int i) {
        return (int) word(i, 1);
    }

    /**
     * The address that the driver uses for the first byte of entry {@code i}: a guest address, or
     * an I/O virtual one.
     */
    long ioAddress(int i) {
        return memory.ioAddress((int) (word(i, 1) >>> 32), word(i, 0));
    }

    /** Address of entry {@code i} in this process. */
    public long hostAddress(int i) {
        return segment(i).address() + word(i, 0);
    }

    /**
     * Copies from the device-readable part.
     *
     * @param position where in it to begin
     * @return how many bytes were copied: fewer than {@code length} at its end, zero beyond
     * @throws IndexOutOfBoundsException when {@code into} has no room or {@code position} is
     *     negative
     */
    public int copyFrom(long position, byte[] into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.length);
        checkPosition(position);
        long skip = position;
        int done = 0;
        for (int i = 0; i < readableCount && done < length; i++) {
            int entryLength = length(i);
            if (skip >= entryLength) {
                skip -= entryLength;
                continue;
            }
            int piece = (int) Math.min(entryLength - skip, length - done);
            MemorySegment.copy(
                    segment(i),
                    ValueLayout.JAVA_BYTE,
                    offset(i) + skip,
                    into,
                    offset + done,
                    piece);
            done += piece;
            skip = 0;
        }
        return done;
    }

    /**
     * Copies from the device-readable part.
     *
     * @param position where in it to begin
     * @return how many bytes were copied: fewer than {@code length} at its end, zero beyond
     * @throws IndexOutOfBoundsException when {@code into} has no room or {@code position} is
     *     negative
     */
    public int copyFrom(long position, MemorySegment into, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.byteSize());
        checkPosition(position);
        long skip = position;
        int done = 0;
        for (int i = 0; i < readableCount && done < length; i++) {
            int entryLength = length(i);
            if (skip >= entryLength) {
                skip -= entryLength;
                continue;
            }
            int piece = (int) Math.min(entryLength - skip, length - done);
            MemorySegment.copy(segment(i), offset(i) + skip, into, offset + done, piece);
            done += piece;
            skip = 0;
        }
        return done;
    }

    /**
     * Copies into the device-writable part.
     *
     * @param position where in it to begin
     * @return how many bytes were copied: fewer than {@code length} at its end, zero beyond
     * @throws IndexOutOfBoundsException when {@code from} is shorter or {@code position} is
     *     negative
     */
    public int copyTo(long position, byte[] from, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, from.length);
        checkPosition(position);
        long skip = position;
        int done = 0;
        for (int i = readableCount; i < count && done < length; i++) {
            int entryLength = length(i);
            if (skip >= entryLength) {
                skip -= entryLength;
                continue;
            }
            int piece = (int) Math.min(entryLength - skip, length - done);
            MemorySegment.copy(
                    from,
                    offset + done,
                    segment(i),
                    ValueLayout.JAVA_BYTE,
                    offset(i) + skip,
                    piece);
            done += piece;
            skip = 0;
        }
        return done;
    }

    /**
     * Copies into the device-writable part.
     *
     * @param position where in it to begin
     * @return how many bytes were copied: fewer than {@code length} at its end, zero beyond
     * @throws IndexOutOfBoundsException when {@code from} is shorter or {@code position} is
     *     negative
     */
    public int copyTo(long position, MemorySegment from, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, from.byteSize());
        checkPosition(position);
        long skip = position;
        int done = 0;
        for (int i = readableCount; i < count && done < length; i++) {
            int entryLength = length(i);
            if (skip >= entryLength) {
                skip -= entryLength;
                continue;
            }
            int piece = (int) Math.min(entryLength - skip, length - done);
            MemorySegment.copy(from, offset + done, segment(i), offset(i) + skip, piece);
            done += piece;
            skip = 0;
        }
        return done;
    }

    /**
     * Writes {@code length} zero bytes into the device-writable part.
     *
     * @param position where in it to begin
     * @return how many bytes were written: fewer than {@code length} at its end, zero beyond
     * @throws IndexOutOfBoundsException when {@code position} or {@code length} is negative
     */
    public long zeroTo(long position, long length) {
        checkPosition(position);
        checkPosition(length);
        long skip = position;
        long done = 0;
        for (int i = readableCount; i < count && done < length; i++) {
            int entryLength = length(i);
            if (skip >= entryLength) {
                skip -= entryLength;
                continue;
            }
            long end = offset(i) + skip + Math.min(entryLength - skip, length - done);
            MemorySegment segment = segment(i);
            for (long at = offset(i) + skip; at < end; ) {
                if (end - at >= Long.BYTES) {
                    segment.set(LONG, at, 0L);
                    at += Long.BYTES;
                } else {
                    segment.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
                    at++;
                }
            }
            done += end - offset(i) - skip;
            skip = 0;
        }
        return done;
    }

    /**
     * The byte at a position of the device-readable part.
     *
     * @throws IndexOutOfBoundsException when beyond {@link #readableBytes()}: check that first
     */
    public byte readByte(long position) {
        int i = readableEntry(position, Byte.BYTES);
        return segment(i).get(ValueLayout.JAVA_BYTE, offset(i) + position - start(i));
    }

    /**
     * The little-endian 32-bit word at a position of the device-readable part.
     *
     * @throws IndexOutOfBoundsException when not within {@link #readableBytes()}: check that first
     */
    public int readInt(long position) {
        int i = readableEntry(position, Integer.BYTES);
        long within = position - start(i);
        if (length(i) - within >= Integer.BYTES) {
            return segment(i).get(INT, offset(i) + within);
        }
        return (int) gather(position, Integer.BYTES);
    }

    /**
     * The little-endian 64-bit word at a position of the device-readable part.
     *
     * @throws IndexOutOfBoundsException when not within {@link #readableBytes()}: check that first
     */
    public long readLong(long position) {
        int i = readableEntry(position, Long.BYTES);
        long within = position - start(i);
        if (length(i) - within >= Long.BYTES) {
            return segment(i).get(LONG, offset(i) + within);
        }
        return gather(position, Long.BYTES);
    }

    /**
     * Writes the byte at a position of the device-writable part.
     *
     * @throws IndexOutOfBoundsException when beyond {@link #writableBytes()}: check that first
     */
    public void writeByte(long position, byte value) {
        Objects.checkIndex(position, writableBytes);
        int i = readableCount;
        long within = position;
        while (within >= length(i)) {
            within -= length(i);
            i++;
        }
        segment(i).set(ValueLayout.JAVA_BYTE, offset(i) + within, value);
    }

    /** Forgets the entries and the guest memory they lie in, so that it can be unmapped. */
    public void clear() {
        begin(GuestMemory.empty(), 0);
    }

    /** Empties the chain for a new one that begins at {@code newHead}. */
    void begin(GuestMemory newMemory, int newHead) {
        if (memory != newMemory) {
            memory = newMemory;
        }
        head = newHead;
        count = 0;
        readableCount = 0;
        writableBegun = false;
        readableBytes = 0;
        writableBytes = 0;
    }

    /** Names the chain, where its end tells the name (packed ring). */
    void name(int newHead) {
        head = newHead;
    }

    /** Says of what kind the next buffer is; false for a readable one after a writable one. */
    boolean beginPart(boolean writable) {
        if (writable) {
            writableBegun = true;
        }
        return writable || !writableBegun;
    }

    /** Appends an entry; false when there is no room. Readable ones come first. */
    boolean add(int region, long offset, int length, boolean writable) {
        if (count == maxEntries) {
            return false;
        }
        int at = 2 * count++;
        entries[at] = offset;
        entries[at + 1] = (long) region << 32 | length;
        if (writable) {
            writableBytes += length;
        } else {
            readableCount++;
            readableBytes += length;
        }
        return true;
    }

    private long word(int i, int which) {
        return entries[2 * Objects.checkIndex(i, count) + which];
    }

    /** The readable entry that holds the first of {@code bytes} bytes. */
    private int readableEntry(long position, int bytes) {
        Objects.checkFromIndexSize(position, bytes, readableBytes);
        int i = 0;
        for (long left = position - length(0); left >= 0; left -= length(i)) {
            i++;
        }
        return i;
    }

    /** Position at which entry {@code i} begins. */
    private long start(int i) {
        long start = 0;
        for (int before = 0; before < i; before++) {
            start += length(before);
        }
        return start;
    }

    private long gather(long position, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << Byte.SIZE | Byte.toUnsignedLong(readByte(position + i));
        }
        return value;
    }

    private static void checkPosition(long position) {
        if (position < 0) {
            throw new IndexOutOfBoundsException("position or length " + position + " is negative");
        }
    }
}
