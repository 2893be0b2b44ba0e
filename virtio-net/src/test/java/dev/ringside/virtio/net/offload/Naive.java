package dev.ringside.virtio.net.offload;

import static dev.ringside.virtio.net.offload.Packet.get;
import static dev.ringside.virtio.net.offload.Packet.put;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Checksums and segments byte by byte, as the RFCs tell: 791, 768, 1071, 8200, 9293. Shares nothing
 * with what it is compared to.
 */
final class Naive {
    private Naive() {}

    /** The one's complement sum of big-endian words (RFC 1071, section 1). */
    static int sum(byte[] bytes, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            int value = bytes[i] & 0xff;
            sum += (i - from) % 2 == 0 ? value * 256 : value;
            if (sum > 0xffff) {
                sum -= 0xffff;
            }
        }
        return sum;
    }

    private static int add(int a, int b) {
        int sum = a + b;
        return sum > 0xffff ? sum - 0xffff : sum;
    }

    /** The pseudo header's sum, of a TCP or UDP packet of that many bytes. */
    static int pseudoSum(Packet packet, int length) {
        int addresses =
                packet.version() == 4
                        ? sum(packet.bytes(), packet.network() + 12, packet.network() + 20)
                        : sum(packet.bytes(), packet.network() + 8, packet.network() + 40);
        return add(add(addresses, packet.protocol()), length);
    }

    /** The same packet with its TCP or UDP checksum. */
    static byte[] complete(Packet packet) {
        byte[] bytes = packet.bytes().clone();
        int at = packet.transport() + packet.checksumOffset();
        put(bytes, at, 0, 2);
        int sum =
                add(
                        pseudoSum(packet, bytes.length - packet.transport()),
                        sum(bytes, packet.transport(), bytes.length));
        int checksum = ~sum & 0xffff;
        put(bytes, at, checksum == 0 && packet.protocol() == Packet.UDP ? 0xffff : checksum, 2);
        return bytes;
    }

    private static void completeIpv4(byte[] bytes, int network) {
        int length = (bytes[network] & 15) * 4;
        put(bytes, network + 10, 0, 2);
        put(bytes, network + 10, ~sum(bytes, network, network + length), 2);
    }

    private static byte[] slice(byte[] bytes, int header, int from, int to) {
        return Packet.join(
                List.of(
                        Arrays.copyOf(bytes, header),
                        Arrays.copyOfRange(bytes, from, Math.min(to, bytes.length))));
    }

    /** TCP or UDP segments of a packet. */
    static List<byte[]> segments(Packet packet, int segmentBytes) {
        List<byte[]> segments = new ArrayList<>();
        byte[] bytes = packet.bytes();
        int number = 0;
        for (int at = packet.payload(); at < bytes.length; at += segmentBytes) {
            byte[] segment = slice(bytes, packet.payload(), at, at + segmentBytes);
            boolean last = at + segmentBytes >= bytes.length;
            setLengths(packet, segment);
            if (packet.version() == 4) {
                int id = get(bytes, packet.network() + 4, 2) + number;
                put(segment, packet.network() + 4, id, 2);
                completeIpv4(segment, packet.network());
            }
            if (packet.protocol() == Packet.TCP) {
                int sequence = get(bytes, packet.transport() + 4, 4) + at - packet.payload();
                put(segment, packet.transport() + 4, sequence, 4);
                int flags = segment[packet.transport() + 13];
                // CWR 80, PSH 8, FIN 1
                flags &= (number == 0 ? 0xff : 0x7f) & (last ? 0xff : 0xf6);
                segment[packet.transport() + 13] = (byte) flags;
            } else {
                put(segment, packet.transport() + 4, segment.length - packet.transport(), 2);
            }
            segments.add(complete(packet.with(segment)));
            number++;
        }
        return segments;
    }

    private static void setLengths(Packet packet, byte[] segment) {
        if (packet.version() == 4) {
            put(segment, packet.network() + 2, segment.length - packet.network(), 2);
        } else {
            put(segment, packet.network() + 4, segment.length - packet.network() - 40, 2);
        }
    }

    /** The fragments of a UDP datagram. Those of IPv6 have the identification 0. */
    static List<byte[]> fragments(Packet packet, int fragmentBytes) {
        byte[] bytes = complete(packet);
        int header = packet.version() == 4 ? packet.transport() : packet.fragmentable();
        int size = fragmentBytes / 8 * 8;
        List<byte[]> fragments = new ArrayList<>();
        for (int at = header; at < bytes.length; at += size) {
            boolean more = at + size < bytes.length;
            byte[] fragment = slice(bytes, header, at, at + size);
            int offset = at - header;
            if (packet.version() == 4) {
                put(fragment, packet.network() + 6, offset / 8 + (more ? 0x2000 : 0), 2);
                setLengths(packet, fragment);
                completeIpv4(fragment, packet.network());
            } else {
                fragment = insertFragmentHeader(packet, fragment, offset + (more ? 1 : 0));
                setLengths(packet, fragment);
            }
            fragments.add(fragment);
        }
        return fragments;
    }

    private static byte[] insertFragmentHeader(Packet packet, byte[] fragment, int offsetField) {
        byte[] header = new byte[8];
        header[0] = fragment[packet.nextHeaderField()];
        put(header, 2, offsetField, 2);
        byte[] before = Arrays.copyOf(fragment, packet.fragmentable());
        before[packet.nextHeaderField()] = 44;
        byte[] after = Arrays.copyOfRange(fragment, packet.fragmentable(), fragment.length);
        return Packet.join(List.of(before, header, after));
    }
}
