package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * Cuts one frame after the other into segments: TCP and UDP segmentation, and UDP fragmentation by
 * IP, with the results of Linux's own (net/ipv4/tcp_offload.c, udp_offload.c). Headers are decided
 * by once, from the private head, and kept; payload is referred to, not copied. What the guest says
 * of its headers' length is not asked for.
 */
final class Segmentation {
    /**
     * Most segments of a frame: 32 bytes each of 64 KiB. TCP's smallest segments in use have 36
     * (Linux's TCP_MIN_MSS less time stamps); a guest that asks for one byte each would keep the
     * shard from all others for milliseconds.
     */
    static final int MAX_SEGMENTS = 2048;

    private static final int MAX_IP_BYTES = 65535;
    private static final int TCP_CHECKSUM_OFFSET = 16;
    private static final int UDP_CHECKSUM_OFFSET = 6;
    private static final int TCP_FIN_PSH = 0x09;
    private static final int TCP_CWR = 0x80;
    private static final int IPV4_MORE_FRAGMENTS = 0x2000;

    private final Headers headers = new Headers();
    private final Frame template = new Frame(FrameKeeper.NONE, 1);
    private final SegmentPayload payload = new SegmentPayload();
    private final FragmentIds ids = new FragmentIds(new SecureRandom().nextLong());

    private int type;
    private int headerBytes;
    private int segmentBytes;
    private int payloadBytes;
    private int count;
    private int index;
    private int pseudoSum;
    private int fragmentId;

    // What a frame is known by when it comes again.
    private int frameBytes;
    private int frameExtents;
    private long frameAddress;

    /**
     * Begins with a frame.
     *
     * @param frame one that needs segmentation and is not {@link Frame#shared()}
     * @return null: it can be cut; else why not
     */
    @Nullable OffloadCounter begin(Frame frame) {
        index = 0;
        count = 0;
        headers.parse(frame);
        type = frame.gsoType();
        OffloadCounter refused = checkHeaders(frame);
        if (refused != null) {
            return refused;
        }
        headerBytes = headerBytes();
        if (headerBytes > Frame.MAX_HEAD_BYTES) {
            // Tags that were put in may have made a head longer than what can be pulled.
            return OffloadCounter.LONG_HEADERS;
        }
        payloadBytes = frame.length() - headerBytes;
        // All fragments but the last one are multiples of 8 bytes (RFC 791, RFC 8200).
        segmentBytes = type == Frame.GSO_UDP ? frame.gsoBytes() & ~7 : frame.gsoBytes();
        refused = checkSizes();
        if (refused != null) {
            return refused;
        }
        count = Math.ceilDiv(payloadBytes, segmentBytes);
        if (count <= 1) {
            // Not worth a template: it goes as it is.
            return null;
        }
        if (type == Frame.GSO_UDP) {
            completeDatagram(frame);
        } else {
            pseudoSum = pseudoSum(frame);
        }
        keepHeaders(frame);
        return null;
    }

    private @Nullable OffloadCounter checkHeaders(Frame frame) {
        boolean tcp = type == Frame.GSO_TCPV4 || type == Frame.GSO_TCPV6;
        switch (headers.problem()) {
            case TRUNCATED -> {
                return OffloadCounter.TRUNCATED;
            }
            case TOO_LONG -> {
                return OffloadCounter.LONG_HEADERS;
            }
            case MALFORMED -> {
                return OffloadCounter.MALFORMED;
            }
            case NONE -> {}
        }
        int version = headers.ipVersion();
        if (version == 0
                || (type == Frame.GSO_TCPV4 && version != 4)
                || (type == Frame.GSO_TCPV6 && version != 6)
                || headers.protocol() != (tcp ? Headers.TCP : Headers.UDP)) {
            return OffloadCounter.WRONG_PROTOCOL;
        }
        if (headers.fragment()) {
            return OffloadCounter.FRAGMENT;
        }
        if (headers.ipv6().jumbo()) {
            return OffloadCounter.JUMBO;
        }
        if (frame.checksumNeeded()
                && (frame.checksumStart() != headers.transport()
                        || frame.checksumOffset() != checksumOffset())) {
            return OffloadCounter.CHECKSUM_PLACE;
        }
        return null;
    }

    /** What every segment begins with. */
    private int headerBytes() {
        if (type != Frame.GSO_UDP) {
            return headers.payload();
        }
        return headers.ipVersion() == 6 ? headers.ipv6().fragmentable() : headers.transport();
    }

    private int checksumOffset() {
        return headers.protocol() == Headers.TCP ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET;
    }

    private @Nullable OffloadCounter checkSizes() {
        if (segmentBytes <= 0) {
            return OffloadCounter.SEGMENT_SIZE;
        }
        int longest =
                headerBytes
                        - headers.network()
                        + (type == Frame.GSO_UDP
                                // All of it, as it is after reassembly.
                                ? payloadBytes
                                : Math.min(segmentBytes, payloadBytes));
        int limit = MAX_IP_BYTES;
        if (headers.ipVersion() == 6) {
            limit += Headers.IPV6_HEADER_BYTES;
            longest += type == Frame.GSO_UDP ? Ipv6Options.FRAGMENT_HEADER_BYTES : 0;
        }
        if (longest > limit) {
            return OffloadCounter.TOO_LONG;
        }
        return payloadBytes > (long) segmentBytes * MAX_SEGMENTS
                ? OffloadCounter.TOO_MANY_SEGMENTS
                : null;
    }

    /** A datagram's checksum is of all its fragments: it is computed before they part. */
    private void completeDatagram(Frame frame) {
        int at = headers.transport() + UDP_CHECKSUM_OFFSET;
        int bytes = frame.length() - headers.transport();
        frame.setHeadShort(at, addressSum(frame, bytes));
        int sum = Checksum.of(frame, headers.transport(), bytes);
        frame.setHeadShort(at, Checksum.notZero(~sum));
        frame.checksumDone();
        fragmentId = headers.ipVersion() == 6 ? ids.next() : 0;
    }

    /**
     * The pseudo header's sum, less the length. The driver has put it where the checksum goes: its
     * addresses are those of the packet's end points, which IP's header need not name.
     */
    private int pseudoSum(Frame frame) {
        int length =
                headers.protocol() == Headers.UDP
                        ? frame.headShort(headers.transport() + 4)
                        : frame.length() - headers.transport();
        int sum =
                frame.checksumNeeded()
                        ? frame.headShort(headers.transport() + checksumOffset())
                        : addressSum(frame, length);
        return Checksum.fold(sum + (~length & 0xffffL));
    }

    private int addressSum(Frame frame, int length) {
        int at = headers.network() + (headers.ipVersion() == 6 ? 8 : 12);
        int bytes = headers.ipVersion() == 6 ? 32 : 8;
        return Checksum.fold((long) Checksum.of(frame, at, bytes) + headers.protocol() + length);
    }

    private void keepHeaders(Frame frame) {
        template.clear();
        template.add(frame.headMemory(), frame.headOffset(), headerBytes);
        template.pull(headerBytes);
        payload.seek(frame, headerBytes);
        frameBytes = frame.length();
        frameExtents = frame.extents();
        frameAddress = frameExtents > 0 ? frame.address(0) : 0;
    }

    /**
     * Goes on with a frame that was begun and comes again.
     *
     * @return false when it is another one
     */
    boolean resume(Frame frame) {
        headers.parse(frame);
        if (headers.problem() != Headers.Problem.NONE
                || frame.headBytes() < headerBytes
                || frame.length() != frameBytes
                || frame.extents() != frameExtents
                || (frameExtents > 0 && frame.address(0) != frameAddress)
                || frame.gsoType() != type) {
            return false;
        }
        long there = frame.headOffset();
        long here = template.headOffset();
        if (MemorySegment.mismatch(
                        frame.headMemory(),
                        there,
                        there + headerBytes,
                        template.headMemory(),
                        here,
                        here + headerBytes)
                >= 0) {
            return false;
        }
        payload.seek(frame, headerBytes + index * segmentBytes);
        return true;
    }

    /** How many segments there are; up to 1: the frame needs not be cut. */
    int count() {
        return count;
    }

    /** The next segment's number, from 0. */
    int index() {
        return index;
    }

    /** Whether the checksum of what is cut is in every segment. */
    boolean segmentsHaveChecksums() {
        return type != Frame.GSO_UDP;
    }

    /**
     * Makes the next segment, again and again the same until {@link #advance}.
     *
     * @param frame the one that was begun
     * @param leaveChecksum whether the segment shall say that it needs its checksum
     * @return false when the frame has changed and has no such bytes
     */
    boolean build(Frame frame, Frame segment, boolean leaveChecksum) {
        int at = index * segmentBytes;
        int bytes = Math.min(segmentBytes, payloadBytes - at);
        segment.clear();
        segment.add(template.headMemory(), template.headOffset(), headerBytes);
        segment.pull(headerBytes);
        if (type == Frame.GSO_UDP) {
            setFragment(segment, at);
        }
        if (!payload.append(frame, segment, bytes)) {
            return false;
        }
        setIpLength(segment);
        if (type == Frame.GSO_UDP) {
            return true;
        }
        if (headers.protocol() == Headers.TCP) {
            setTcp(segment, at);
        } else {
            segment.setHeadShort(headers.transport() + 4, Headers.UDP_HEADER_BYTES + bytes);
        }
        setChecksum(segment, leaveChecksum);
        return true;
    }

    private boolean last() {
        return index == count - 1;
    }

    private void setFragment(Frame segment, int at) {
        if (headers.ipVersion() == 4) {
            int more = last() ? 0 : IPV4_MORE_FRAGMENTS;
            segment.setHeadShort(headers.network() + 6, at >>> 3 | more);
            return;
        }
        int field = headers.ipv6().nextHeaderField();
        int begin = headers.ipv6().fragmentable();
        int next = segment.headByte(field);
        segment.setHeadByte(field, Ipv6Options.FRAGMENT);
        segment.insert(begin, Ipv6Options.FRAGMENT_HEADER_BYTES);
        segment.setHeadShort(begin, next << 8);
        segment.setHeadShort(begin + 2, at | (last() ? 0 : 1));
        segment.setHeadInt(begin + 4, fragmentId);
    }

    private void setIpLength(Frame segment) {
        int network = headers.network();
        int bytes = segment.length() - network;
        if (headers.ipVersion() == 6) {
            segment.setHeadShort(network + 4, bytes - Headers.IPV6_HEADER_BYTES);
            return;
        }
        segment.setHeadShort(network + 2, bytes);
        if (type != Frame.GSO_UDP) {
            segment.setHeadShort(network + 4, segment.headShort(network + 4) + index);
        }
        segment.setHeadShort(network + 10, 0);
        int sum = Checksum.of(segment, network, headers.transport() - network);
        segment.setHeadShort(network + 10, ~sum);
    }

    private void setTcp(Frame segment, int at) {
        int flagsAt = headers.transport() + 13;
        int flags = segment.headByte(flagsAt);
        if (!last()) {
            flags &= ~TCP_FIN_PSH;
        }
        if (index > 0) {
            flags &= ~TCP_CWR;
            segment.setHeadInt(
                    headers.transport() + 4, segment.headInt(headers.transport() + 4) + at);
        }
        segment.setHeadByte(flagsAt, flags);
    }

    private void setChecksum(Frame segment, boolean leave) {
        int start = headers.transport();
        int at = start + checksumOffset();
        int bytes = segment.length() - start;
        segment.setHeadShort(at, Checksum.fold((long) pseudoSum + bytes));
        if (leave) {
            segment.needChecksum(start, checksumOffset());
            return;
        }
        int checksum = ~Checksum.of(segment, start, bytes);
        segment.setHeadShort(
                at, headers.protocol() == Headers.UDP ? Checksum.notZero(checksum) : checksum);
    }

    /** Goes on to the next segment. */
    void advance() {
        index++;
        payload.advance();
    }
}
