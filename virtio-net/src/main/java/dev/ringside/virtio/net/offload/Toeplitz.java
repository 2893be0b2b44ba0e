package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;

/**
 * The hash of receive-side scaling: over addresses and ports, with a key that the driver chooses
 * (virtio 1.3, section 5.1.6.4.3). Immutable but for the result of the last frame; one thread.
 *
 * <p>A hash is the exclusive or of what each half byte contributes at its place, looked up in a
 * table of 4.5 KiB.
 */
public final class Toeplitz {
    /** Length of a key in bytes; a shorter one ends in zeroes. */
    public static final int KEY_BYTES = 40;

    /** Two IPv6 addresses and two ports. */
    private static final int INPUT_BYTES = 36;

    private static final int PORTS_BYTES = 4;
    private static final int IPV4_ADDRESSES = 12;
    private static final int IPV4_ADDRESSES_BYTES = 8;
    private static final int IPV6_SOURCE = 8;
    private static final int IPV6_DESTINATION = 24;
    private static final int IPV6_ADDRESS_BYTES = 16;

    private final int[] table = new int[INPUT_BYTES * 2 * 16];
    private int type;

    /**
     * A hash with a key.
     *
     * @param key up to {@value #KEY_BYTES} bytes
     * @throws IllegalArgumentException when it is longer
     */
    public Toeplitz(byte[] key) {
        if (key.length > KEY_BYTES) {
            throw new IllegalArgumentException(
                    "a key of " + key.length + " bytes: it has up to " + KEY_BYTES);
        }
        for (int half = 0; half < INPUT_BYTES * 2; half++) {
            for (int value = 1; value < 16; value++) {
                int sum = 0;
                for (int bit = 0; bit < 4; bit++) {
                    if ((value & (8 >>> bit)) != 0) {
                        sum ^= window(key, half * 4 + bit);
                    }
                }
                table[half * 16 + value] = sum;
            }
        }
    }

    /** The 32 bits of the key that begin at a bit. */
    private static int window(byte[] key, int bit) {
        long bits = 0;
        for (int i = 0; i < 5; i++) {
            int at = bit / 8 + i;
            bits = bits << 8 | (at < key.length ? key[at] & 0xff : 0);
        }
        return (int) (bits >>> (8 - bit % 8));
    }

    /**
     * The hash of a frame. {@link #type} then says what of.
     *
     * @param frame of which {@code headers} are
     * @param types {@link HashType} bits that are enabled
     * @return 0 when there is none
     */
    public int hash(Frame frame, Headers headers, int types) {
        type = choose(headers, types);
        if (type == 0) {
            return 0;
        }
        int network = headers.network();
        int at;
        int hash;
        if (headers.ipVersion() == 4) {
            hash = of(frame, network + IPV4_ADDRESSES, IPV4_ADDRESSES_BYTES, 0);
            at = IPV4_ADDRESSES_BYTES;
        } else {
            int source = network + IPV6_SOURCE;
            int destination = network + IPV6_DESTINATION;
            if ((type & (HashType.IP_EX | HashType.TCP_EX | HashType.UDP_EX)) != 0) {
                Ipv6Options options = headers.ipv6();
                source = options.homeAddress() > 0 ? options.homeAddress() : source;
                destination = options.routingAddress() > 0 ? options.routingAddress() : destination;
            }
            hash =
                    of(frame, source, IPV6_ADDRESS_BYTES, 0)
                            ^ of(frame, destination, IPV6_ADDRESS_BYTES, IPV6_ADDRESS_BYTES);
            at = 2 * IPV6_ADDRESS_BYTES;
        }
        int addressesOnly = HashType.IPV4 | HashType.IPV6 | HashType.IP_EX;
        return (type & addressesOnly) != 0
                ? hash
                : hash ^ of(frame, headers.transport(), PORTS_BYTES, at);
    }

    private static int choose(Headers headers, int types) {
        int ports = headers.isTcp() ? 1 : headers.isUdp() ? 2 : 0;
        return switch (headers.ipVersion()) {
            case 4 -> pick(types, HashType.IPV4, ports);
            case 6 -> {
                int extended = headers.ipv6().any() ? pick(types, HashType.IP_EX, ports) : 0;
                yield extended != 0 ? extended : pick(types, HashType.IPV6, ports);
            }
            default -> 0;
        };
    }

    /** The bits of a family are next to each other: addresses, TCP, UDP. */
    private static int pick(int types, int addresses, int ports) {
        int withPorts = ports == 0 ? 0 : types & (addresses << ports);
        return withPorts != 0 ? withPorts : types & addresses;
    }

    private int of(Frame frame, int from, int count, int place) {
        int hash = 0;
        for (int i = 0; i < count; i++) {
            int value = frame.headByte(from + i);
            int at = (place + i) * 32;
            hash ^= table[at + (value >>> 4)] ^ table[at + 16 + (value & 15)];
        }
        return hash;
    }

    /** What the last hash was of: one {@link HashType} bit, or 0. */
    public int type() {
        return type;
    }
}
