package dev.ringside.virtio.net.offload;

/**
 * Kinds of hashes over headers, as bits of {@code hash_types} (virtio 1.3, section 5.1.6.4.3.1),
 * and how a report names them (5.1.6.4.5): {@code 1 << (report - 1)} is the bit.
 */
public final class HashType {
    /** Addresses of IPv4. */
    public static final int IPV4 = 1;

    /** Addresses of IPv4, ports of TCP. */
    public static final int TCPV4 = 1 << 1;

    /** Addresses of IPv4, ports of UDP. */
    public static final int UDPV4 = 1 << 2;

    /** Addresses of IPv6. */
    public static final int IPV6 = 1 << 3;

    /** Addresses of IPv6, ports of TCP. */
    public static final int TCPV6 = 1 << 4;

    /** Addresses of IPv6, ports of UDP. */
    public static final int UDPV6 = 1 << 5;

    /** Addresses of IPv6 or of its extension headers. */
    public static final int IP_EX = 1 << 6;

    /** Addresses of IPv6 or of its extension headers, ports of TCP. */
    public static final int TCP_EX = 1 << 7;

    /** Addresses of IPv6 or of its extension headers, ports of UDP. */
    public static final int UDP_EX = 1 << 8;

    /** All of them. */
    public static final int ALL = (1 << 9) - 1;

    /** What a report says when there is no hash. */
    public static final int REPORT_NONE = 0;

    private HashType() {}

    /** How a report names a type: one bit, or none. */
    public static int report(int type) {
        return type == 0 ? REPORT_NONE : Integer.numberOfTrailingZeros(type) + 1;
    }
}
