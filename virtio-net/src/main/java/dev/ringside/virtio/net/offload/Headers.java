package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;

/**
 * A frame's headers, Ethernet to TCP or UDP, as its private head has them. Made once, used for one
 * frame after the other; results hold until the next {@link #parse}. One thread.
 *
 * <p>Nothing behind what was pulled is looked at, and no length in a header is believed further
 * than the frame reaches.
 */
public final class Headers {
    /** TCP's number. */
    public static final int TCP = 6;

    /** UDP's number. */
    public static final int UDP = 17;

    /** EtherType of IPv4. */
    public static final int ETHERTYPE_IPV4 = 0x0800;

    /** EtherType of IPv6. */
    public static final int ETHERTYPE_IPV6 = 0x86dd;

    /** Why parsing came to an end early. */
    public enum Problem {
        /** It did not. */
        NONE,
        /** The frame ends within a header. */
        TRUNCATED,
        /** The headers are longer than {@link Frame#MAX_HEAD_BYTES}. */
        TOO_LONG,
        /** A header contradicts itself: its version, or a length below its own size. */
        MALFORMED
    }

    static final int IPV6_HEADER_BYTES = 40;
    static final int UDP_HEADER_BYTES = 8;

    private static final int VLAN = 0x8100;
    private static final int VLAN_SERVICE = 0x88a8;
    private static final int MAX_TAGS = 2;
    private static final int IPV4_HEADER_BYTES = 20;
    private static final int TCP_HEADER_BYTES = 20;

    /** Enough for Ethernet, a tag, IPv6 and TCP with time stamps: mostly one copy does it all. */
    private static final int QUICK_BYTES = 14 + 4 + 40 + 32;

    private final Ipv6Options options = new Ipv6Options();
    private Problem problem = Problem.NONE;
    private int tags;
    private int etherType;
    private int ipVersion;
    private int network;
    private int transport;
    private int payload;
    private int protocol;
    private boolean fragment;

    /** Results of nothing: as of an empty frame. */
    public Headers() {}

    /**
     * Reads the headers of a frame, as far as they are there and make sense.
     *
     * @param frame one that is not {@link Frame#shared()}: it may be pulled
     * @return whether all of it could be read: {@link #problem} is {@link Problem#NONE}
     */
    public boolean parse(Frame frame) {
        problem = Problem.NONE;
        tags = 0;
        etherType = 0;
        ipVersion = 0;
        network = 0;
        transport = 0;
        payload = 0;
        protocol = 0;
        fragment = false;
        options.clear();
        int ready = frame.headBytes() > 0 || frame.extents() == 0 ? 0 : frame.length(0);
        frame.pull(Math.min(QUICK_BYTES, ready));
        if (!parseEthernet(frame)) {
            return false;
        }
        return switch (etherType) {
            case ETHERTYPE_IPV4 -> parseIpv4(frame) && parseTransport(frame);
            case ETHERTYPE_IPV6 -> parseIpv6(frame) && parseTransport(frame);
            default -> true;
        };
    }

    private boolean parseEthernet(Frame frame) {
        int at = 12;
        while (true) {
            if (!need(frame, at + 2)) {
                return false;
            }
            int type = frame.headShort(at);
            if ((type != VLAN && type != VLAN_SERVICE) || tags == MAX_TAGS) {
                etherType = type;
                network = at + 2;
                return true;
            }
            tags++;
            at += 4;
        }
    }

    private boolean parseIpv4(Frame frame) {
        if (!need(frame, network + IPV4_HEADER_BYTES)) {
            return false;
        }
        int first = frame.headByte(network);
        int length = (first & 15) * 4;
        if (first >>> 4 != 4 || length < IPV4_HEADER_BYTES) {
            return fail(Problem.MALFORMED);
        }
        if (!need(frame, network + length)) {
            return false;
        }
        ipVersion = 4;
        // More fragments follow, or it is not the first one.
        fragment = (frame.headShort(network + 6) & 0x3fff) != 0;
        protocol = frame.headByte(network + 9);
        transport = network + length;
        return true;
    }

    private boolean parseIpv6(Frame frame) {
        if (!need(frame, network + IPV6_HEADER_BYTES)) {
            return false;
        }
        if (frame.headByte(network) >>> 4 != 6) {
            return fail(Problem.MALFORMED);
        }
        ipVersion = 6;
        Problem found = options.parse(frame, network);
        protocol = options.protocol();
        fragment = options.fragment();
        transport = options.end();
        return found == Problem.NONE || fail(found);
    }

    private boolean parseTransport(Frame frame) {
        if (fragment) {
            return true;
        }
        if (protocol == UDP) {
            if (!need(frame, transport + UDP_HEADER_BYTES)) {
                return false;
            }
            payload = transport + UDP_HEADER_BYTES;
        } else if (protocol == TCP) {
            if (!need(frame, transport + TCP_HEADER_BYTES)) {
                return false;
            }
            int length = (frame.headByte(transport + 12) >>> 4) * 4;
            if (length < TCP_HEADER_BYTES) {
                return fail(Problem.MALFORMED);
            }
            if (!need(frame, transport + length)) {
                return false;
            }
            payload = transport + length;
        }
        return true;
    }

    private boolean need(Frame frame, int count) {
        return frame.pull(count) || fail(missing(frame, count));
    }

    static Problem missing(Frame frame, int count) {
        return count > frame.length() ? Problem.TRUNCATED : Problem.TOO_LONG;
    }

    private boolean fail(Problem why) {
        problem = why;
        return false;
    }

    /** Why the rest was not read. */
    public Problem problem() {
        return problem;
    }

    /** How many VLAN tags there are, 0 to 2. */
    public int tags() {
        return tags;
    }

    /** The EtherType behind the tags; 0 when the frame is too short for one. */
    public int etherType() {
        return etherType;
    }

    /** 4 or 6; 0 when it is not IP, or its header cannot be read. */
    public int ipVersion() {
        return ipVersion;
    }

    /** Where the header behind Ethernet's begins. */
    public int network() {
        return network;
    }

    /** The protocol behind IP and its extensions; only with {@link #ipVersion}. */
    public int protocol() {
        return protocol;
    }

    /** Whether it is an IP fragment, first or later: then there are no ports. */
    public boolean fragment() {
        return fragment;
    }

    /** Where the header of {@link #protocol} begins; only with {@link #ipVersion}. */
    public int transport() {
        return transport;
    }

    /** Whether there is a whole TCP header: {@link #payload} says where it ends. */
    public boolean isTcp() {
        return payload != 0 && protocol == TCP;
    }

    /** Whether there is a whole UDP header: {@link #payload} says where it ends. */
    public boolean isUdp() {
        return payload != 0 && protocol == UDP;
    }

    /** Where the bytes behind the TCP or UDP header begin; 0 when there is no such header. */
    public int payload() {
        return payload;
    }

    /** What is special to IPv6; only when {@link #ipVersion} is 6. */
    Ipv6Options ipv6() {
        return options;
    }
}
