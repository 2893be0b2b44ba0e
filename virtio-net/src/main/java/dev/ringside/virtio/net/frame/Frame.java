package dev.ringside.virtio.net.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One Ethernet frame on its way from a source to a sink, without its FCS: what may be left undone
 * on it, and its bytes as a list of extents. The first bytes may be in a private head, where no
 * guest can change them: see {@link #pull}.
 *
 * <p>Made once, filled again and again. Confined to one thread at a time; a held frame with several
 * references ({@link #shared()}) may be read by several and is not changed by any.
 */
public final class Frame {
    /** Longest frame: the largest IP packet, an Ethernet header and two VLAN tags. */
    public static final int MAX_BYTES = 65535 + 14 + 8;

    /** Shortest frame that has an Ethernet header. */
    public static final int MIN_BYTES = 14;

    /** Most bytes that {@link #pull} can bring into the head. */
    public static final int MAX_HEAD_BYTES = 512;

    /** Room before the head, for tags that are put in. */
    public static final int HEADROOM_BYTES = 16;

    /** {@code gsoType}: nothing is to be segmented (virtio 1.3, section 5.1.6). */
    public static final int GSO_NONE = 0;

    /** {@code gsoType}: TCP over IPv4. */
    public static final int GSO_TCPV4 = 1;

    /** {@code gsoType}: UDP, to be fragmented by IP. */
    public static final int GSO_UDP = 3;

    /** {@code gsoType}: TCP over IPv6. */
    public static final int GSO_TCPV6 = 4;

    /** {@code gsoType}: UDP, to be segmented into datagrams. */
    public static final int GSO_UDP_L4 = 5;

    private final FrameKeeper keeper;
    private final AtomicInteger references = new AtomicInteger();

    // The head: bytes headStart .. headStart + headBytes of headMemory.
    private final MemorySegment headMemory;
    private int headStart = HEADROOM_BYTES;
    private int headBytes;

    // The extents that follow the head; those before `first` have been pulled.
    private MemorySegment[] segments;
    private long[] offsets;
    private int[] lengths;
    private int first;
    private int end;
    private int bytes;

    private boolean checksumNeeded;
    private boolean checksumValid;
    private int checksumStart;
    private int checksumOffset;
    private int gsoType;
    private int gsoBytes;
    private boolean gsoEcn;
    private int token;

    /**
     * An empty frame.
     *
     * @param keeper of its source
     * @param extents how many it has room for; more come at the cost of an allocation
     */
    public Frame(FrameKeeper keeper, int extents) {
        this.keeper = keeper;
        segments = new MemorySegment[extents];
        Arrays.fill(segments, MemorySegment.NULL);
        offsets = new long[extents];
        lengths = new int[extents];
        headMemory = Arena.ofAuto().allocate(2 * HEADROOM_BYTES + MAX_HEAD_BYTES, 64);
    }

    /** Empties it: no bytes, nothing left undone. */
    public void clear() {
        headStart = HEADROOM_BYTES;
        headBytes = 0;
        first = 0;
        end = 0;
        bytes = 0;
        checksumNeeded = false;
        checksumValid = false;
        segmentationDone();
    }

    /** Drops the references to memory that {@link #clear} keeps for speed. */
    public void forget() {
        clear();
        Arrays.fill(segments, MemorySegment.NULL);
    }

    /** Appends bytes. Empty extents are left out. */
    @SuppressWarnings("ReferenceEquality") // the very same one need not be stored again
    public void add(MemorySegment segment, long offset, int length) {
        if (length <= 0) {
            return;
        }
        int i = end;
        if (i == lengths.length) {
            grow();
        }
        // Storing a reference costs more than looking at it: the collector watches.
        if (segments[i] != segment) {
            segments[i] = segment;
        }
        offsets[i] = offset;
        lengths[i] = length;
        end = i + 1;
        bytes += length;
    }

    private void grow() {
        int before = lengths.length;
        segments = Arrays.copyOf(segments, Math.max(4, before * 2));
        Arrays.fill(segments, before, segments.length, MemorySegment.NULL);
        offsets = Arrays.copyOf(offsets, segments.length);
        lengths = Arrays.copyOf(lengths, segments.length);
    }

    /**
     * Says that a checksum is to be computed over the bytes from {@code start} to the end, and
     * stored {@code offset} bytes after {@code start}. The caller has checked that both are inside.
     */
    public void needChecksum(int start, int offset) {
        checksumNeeded = true;
        checksumStart = start;
        checksumOffset = offset;
    }

    /** Says that the checksum is complete, whether it was to be computed before or not. */
    public void checksumDone() {
        checksumNeeded = false;
    }

    /** Says that the checksum was verified already: the receiver need not. */
    public void checksumValid(boolean value) {
        checksumValid = value;
    }

    /**
     * Says that it is to be cut into segments.
     *
     * @param type a {@code GSO_} constant
     * @param segmentBytes most bytes of payload in a segment, at least 1
     */
    public void needSegmentation(int type, int segmentBytes, boolean ecn) {
        gsoType = type;
        gsoBytes = segmentBytes;
        gsoEcn = ecn;
    }

    /** Says that it is one segment. */
    public void segmentationDone() {
        gsoType = GSO_NONE;
        gsoEcn = false;
    }

    /** The {@link Offload} bits that a sink must accept to get it as it is. */
    public int needs() {
        if (!checksumNeeded && gsoType == GSO_NONE) {
            return Offload.NONE;
        }
        return (checksumNeeded ? Offload.CSUM : 0)
                | (gsoEcn ? Offload.ECN : 0)
                | switch (gsoType) {
                    case GSO_TCPV4 -> Offload.TSO4;
                    case GSO_TCPV6 -> Offload.TSO6;
                    case GSO_UDP -> Offload.UFO;
                    case GSO_UDP_L4 -> udpSegmentation();
                    default -> Offload.NONE;
                };
    }

    private int udpSegmentation() {
        return isIpv6() ? Offload.USO6 : Offload.USO4;
    }

    /** Whether its first EtherType, behind VLAN tags, is IPv6. Pulls up to 22 bytes. */
    public boolean isIpv6() {
        int at = 12;
        for (int tags = 0; tags <= 2; tags++, at += 4) {
            if (!pull(at + 2)) {
                return false;
            }
            int type = headShort(at);
            if (type != 0x8100 && type != 0x88a8) {
                return type == 0x86dd;
            }
        }
        return false;
    }

    /** Whether a checksum is to be computed. */
    public boolean checksumNeeded() {
        return checksumNeeded;
    }

    /** Whether the checksum was verified. */
    public boolean checksumValid() {
        return checksumValid;
    }

    /** Where the bytes begin that the checksum is computed over. */
    public int checksumStart() {
        return checksumStart;
    }

    /** Where the checksum is stored, counted from {@link #checksumStart}. */
    public int checksumOffset() {
        return checksumOffset;
    }

    /** A {@code GSO_} constant. */
    public int gsoType() {
        return gsoType;
    }

    /** Most bytes of payload in a segment. */
    public int gsoBytes() {
        return gsoBytes;
    }

    /** Whether the TCP that is to be segmented carries ECN. */
    public boolean gsoEcn() {
        return gsoEcn;
    }

    /** Length in bytes, head and extents. */
    public int length() {
        return bytes;
    }

    /** Bytes that are in the private head. */
    public int headBytes() {
        return headBytes;
    }

    /** The memory that the head is in, at {@link #headOffset}. */
    public MemorySegment headMemory() {
        return headMemory;
    }

    /** Where in {@link #headMemory} the head begins. */
    public int headOffset() {
        return headStart;
    }

    /** How many extents follow the head. */
    public int extents() {
        return end - first;
    }

    /** The memory of extent {@code i}. */
    public MemorySegment segment(int i) {
        return segments[first + i];
    }

    /** Where in {@link #segment} extent {@code i} begins. */
    public long offset(int i) {
        return offsets[first + i];
    }

    /** Length of extent {@code i} in bytes. */
    public int length(int i) {
        return lengths[first + i];
    }

    /** Address of extent {@code i} in this process. */
    public long address(int i) {
        return segments[first + i].address() + offsets[first + i];
    }

    /**
     * Sees to it that the first {@code count} bytes are in the head: each is read once, and is from
     * then on what it was.
     *
     * @return false when the frame is shorter, or {@code count} exceeds {@link #MAX_HEAD_BYTES}
     */
    public boolean pull(int count) {
        if (count <= headBytes) {
            return true;
        }
        return pullMore(count);
    }

    private boolean pullMore(int count) {
        if (count > bytes || count > MAX_HEAD_BYTES) {
            return false;
        }
        if (headStart > HEADROOM_BYTES) {
            MemorySegment.copy(headMemory, headStart, headMemory, HEADROOM_BYTES, headBytes);
            headStart = HEADROOM_BYTES;
        }
        while (headBytes < count) {
            int piece = Math.min(count - headBytes, lengths[first]);
            MemorySegment.copy(
                    segments[first], offsets[first], headMemory, headStart + headBytes, piece);
            headBytes += piece;
            offsets[first] += piece;
            lengths[first] -= piece;
            if (lengths[first] == 0) {
                first++;
            }
        }
        return true;
    }

    /** The byte at {@code at}, which was pulled. */
    public int headByte(int at) {
        Objects.checkIndex(at, headBytes);
        return headMemory.get(ValueLayout.JAVA_BYTE, headStart + at) & 0xff;
    }

    /** The big-endian 16-bit word at {@code at}, which was pulled. */
    public int headShort(int at) {
        return headByte(at) << 8 | headByte(at + 1);
    }

    /** The big-endian 32-bit word at {@code at}, which was pulled. */
    public int headInt(int at) {
        return headShort(at) << 16 | headShort(at + 2);
    }

    /** Changes the byte at {@code at}, which was pulled. */
    public void setHeadByte(int at, int value) {
        Objects.checkIndex(at, headBytes);
        headMemory.set(ValueLayout.JAVA_BYTE, headStart + at, (byte) value);
    }

    /** Changes the big-endian 16-bit word at {@code at}, which was pulled. */
    public void setHeadShort(int at, int value) {
        setHeadByte(at, value >>> 8);
        setHeadByte(at + 1, value);
    }

    /** Changes the big-endian 32-bit word at {@code at}, which was pulled. */
    public void setHeadInt(int at, int value) {
        setHeadShort(at, value >>> 16);
        setHeadShort(at + 2, value);
    }

    /**
     * Puts {@code count} bytes, which the caller then sets, into the head at {@code at}. What was
     * there follows them. {@code at} bytes were pulled.
     *
     * @return false when there is no room left for them; then nothing changed
     */
    public boolean insert(int at, int count) {
        Objects.checkIndex(at, headBytes + 1);
        if (count < 0 || count > headStart || headBytes + count > MAX_HEAD_BYTES + HEADROOM_BYTES) {
            return false;
        }
        MemorySegment.copy(headMemory, headStart, headMemory, headStart - count, at);
        headStart -= count;
        headBytes += count;
        bytes += count;
        checksumStart += count;
        return true;
    }

    /** Takes {@code count} bytes at {@code at} out; all up to their end were pulled. */
    public void remove(int at, int count) {
        Objects.checkFromIndexSize(at, count, headBytes);
        MemorySegment.copy(headMemory, headStart, headMemory, headStart + count, at);
        headStart += count;
        headBytes -= count;
        bytes -= count;
        checksumStart -= count;
    }

    /**
     * Copies bytes out.
     *
     * @param position where in the frame to begin
     * @throws IndexOutOfBoundsException when they are not all in the frame, or {@code into} is
     *     short
     */
    public void copyTo(int position, MemorySegment into, long at, int count) {
        Objects.checkFromIndexSize(position, count, bytes);
        int skip = position;
        int left = count;
        long target = at;
        if (skip < headBytes) {
            int piece = Math.min(left, headBytes - skip);
            MemorySegment.copy(headMemory, headStart + skip, into, target, piece);
            target += piece;
            left -= piece;
            skip = 0;
        } else {
            skip -= headBytes;
        }
        for (int i = first; left > 0; i++) {
            int length = lengths[i];
            if (skip >= length) {
                skip -= length;
                continue;
            }
            int piece = Math.min(left, length - skip);
            MemorySegment.copy(segments[i], offsets[i] + skip, into, target, piece);
            target += piece;
            left -= piece;
            skip = 0;
        }
    }

    /** Becomes another look at the same bytes, with a head and extents of its own. */
    public void viewOf(Frame other) {
        clear();
        MemorySegment.copy(
                other.headMemory, other.headStart, headMemory, headStart, other.headBytes);
        headBytes = other.headBytes;
        bytes = other.headBytes;
        for (int i = other.first; i < other.end; i++) {
            add(other.segments[i], other.offsets[i], other.lengths[i]);
        }
        leaveUndoneAs(other);
    }

    /** Says that what is left undone on another frame, with the same bytes, is so on this one. */
    public void leaveUndoneAs(Frame other) {
        checksumNeeded = other.checksumNeeded;
        checksumValid = other.checksumValid;
        checksumStart = other.checksumStart;
        checksumOffset = other.checksumOffset;
        gsoType = other.gsoType;
        gsoBytes = other.gsoBytes;
        gsoEcn = other.gsoEcn;
    }

    /**
     * Keeps its content beyond the call in which it was put: gives a frame with that content and
     * one reference, which must be {@link #release}d, on any thread; one that is held already it
     * gives again. Whoever calls this answers {@link dev.ringside.virtio.net.port.Verdict#HELD}.
     *
     * @return null when the source can keep no more: deliver it now, or drop it
     */
    public @Nullable Frame hold() {
        if (references.get() > 0) {
            retain();
            return this;
        }
        return keeper.hold(this);
    }

    /** For its keeper: begins to count references, at one. */
    public void beginHold(int newToken) {
        token = newToken;
        references.set(1);
    }

    /** For its keeper: what {@link #beginHold} was told. */
    public int token() {
        return token;
    }

    /** One more must release it. On a thread that has a reference. */
    public void retain() {
        if (gsoType == GSO_UDP_L4) {
            // What needs() looks at is pulled before others may look too.
            needs();
        }
        references.incrementAndGet();
    }

    /** Gives a reference back; the last one tells the keeper. Any thread. */
    public void release() {
        int left = references.decrementAndGet();
        if (left == 0) {
            keeper.released(this);
        } else if (left < 0) {
            throw new IllegalStateException("a frame was released more often than held");
        }
    }

    /** Whether others may read it at the same time: then it must not be changed. */
    public boolean shared() {
        return references.get() > 1;
    }
}
