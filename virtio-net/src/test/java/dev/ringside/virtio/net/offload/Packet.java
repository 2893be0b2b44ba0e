package dev.ringside.virtio.net.offload;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A packet that a test has made, and where its headers are: the reference asks it, not a parser.
 *
 * @param fragmentable where an IPv6 fragment header would go
 * @param nextHeaderField where the byte is that names what is at {@code fragmentable}
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Packet(
        byte[] bytes,
        int version,
        int protocol,
        int network,
        int transport,
        int payload,
        int fragmentable,
        int nextHeaderField) {
    static final int TCP = 6;
    static final int UDP = 17;

    /** What a packet is to be like. */
    record Shape(
            int tags,
            int version,
            int ipOptionBytes,
            boolean hopByHop,
            boolean routing,
            boolean destination,
            int protocol,
            int tcpOptionBytes,
            int payloadBytes,
            int tcpFlags) {
        /** Without anything special. */
        static Shape plain(int version, int protocol, int payloadBytes) {
            return new Shape(0, version, 0, false, false, false, protocol, 0, payloadBytes, 0x18);
        }

        static Shape random(Random random, int version, int protocol, int payloadBytes) {
            return new Shape(
                    random.nextInt(3),
                    version,
                    random.nextInt(11) * 4,
                    random.nextInt(3) == 0,
                    random.nextInt(3) == 0,
                    random.nextInt(3) == 0,
                    protocol,
                    random.nextInt(11) * 4,
                    payloadBytes,
                    random.nextInt(256));
        }
    }

    /** A packet with random addresses, ports and content, whose checksum field is 0. */
    static Packet of(Shape shape, Random random) {
        List<byte[]> parts = new ArrayList<>();
        parts.add(ethernet(shape, random));
        int network = size(parts);
        byte[] transport = transport(shape, random);
        int fragmentable = 0;
        int nextHeaderField = 0;
        if (shape.version == 4) {
            parts.add(ipv4(shape, random, transport.length + shape.payloadBytes));
        } else {
            List<byte[]> extensions = extensions(shape, random);
            int length = size(extensions) + transport.length + shape.payloadBytes;
            parts.add(ipv6(random, length, kinds(shape).getFirst()));
            nextHeaderField = network + 6;
            fragmentable = network + 40;
            // Those that must come before a fragment header: see RFC 8200, section 4.5; options
            // for the destination only when the routing header follows, which is not made here.
            boolean routed = false;
            List<Integer> kinds = kinds(shape);
            for (int i = 0; i < extensions.size(); i++) {
                if (kinds.get(i) == 60 && routed) {
                    break;
                }
                routed |= kinds.get(i) == 43;
                nextHeaderField = fragmentable;
                fragmentable += extensions.get(i).length;
            }
            parts.addAll(extensions);
        }
        int transportAt = size(parts);
        parts.add(transport);
        int payload = size(parts);
        byte[] content = new byte[shape.payloadBytes];
        random.nextBytes(content);
        parts.add(content);
        return new Packet(
                join(parts),
                shape.version,
                shape.protocol,
                network,
                transportAt,
                payload,
                fragmentable,
                nextHeaderField);
    }

    private static byte[] ethernet(Shape shape, Random random) {
        byte[] header = new byte[14 + 4 * shape.tags];
        random.nextBytes(header);
        header[0] = 2;
        header[6] = 2;
        for (int tag = 0; tag < shape.tags; tag++) {
            put(header, 12 + 4 * tag, shape.tags == 2 && tag == 0 ? 0x88a8 : 0x8100, 2);
            put(header, 14 + 4 * tag, 1 + random.nextInt(4000), 2);
        }
        put(header, 12 + 4 * shape.tags, shape.version == 4 ? 0x0800 : 0x86dd, 2);
        return header;
    }

    private static byte[] ipv4(Shape shape, Random random, int following) {
        byte[] header = new byte[20 + shape.ipOptionBytes];
        random.nextBytes(header);
        header[0] = (byte) (0x40 | (header.length / 4));
        put(header, 2, header.length + following, 2);
        put(header, 6, random.nextBoolean() ? 0x4000 : 0, 2);
        header[8] = 64;
        header[9] = (byte) shape.protocol;
        // No-operation, which everybody takes.
        for (int i = 20; i < header.length; i++) {
            header[i] = 1;
        }
        header[12] = 10;
        header[16] = 10;
        put(header, 10, 0, 2);
        put(header, 10, ~Naive.sum(header, 0, header.length), 2);
        return header;
    }

    private static List<Integer> kinds(Shape shape) {
        List<Integer> kinds = new ArrayList<>();
        if (shape.hopByHop) {
            kinds.add(0);
        }
        if (shape.routing) {
            kinds.add(43);
        }
        if (shape.destination) {
            kinds.add(60);
        }
        kinds.add(shape.protocol);
        return kinds;
    }

    private static List<byte[]> extensions(Shape shape, Random random) {
        List<byte[]> extensions = new ArrayList<>();
        List<Integer> kinds = kinds(shape);
        for (int i = 0; i < kinds.size() - 1; i++) {
            byte[] extension = new byte[8 * (1 + random.nextInt(3))];
            extension[0] = (byte) (int) kinds.get(i + 1);
            extension[1] = (byte) (extension.length / 8 - 1);
            if (kinds.get(i) == 43) {
                // A type that nobody knows, with nothing left to visit.
                extension[2] = (byte) 253;
            } else {
                extension[2] = 1;
                extension[3] = (byte) (extension.length - 4);
            }
            extensions.add(extension);
        }
        return extensions;
    }

    private static byte[] ipv6(Random random, int length, int next) {
        byte[] header = new byte[40];
        random.nextBytes(header);
        header[0] = (byte) (0x60 | (header[0] & 15));
        put(header, 4, length, 2);
        header[6] = (byte) next;
        header[7] = 64;
        header[8] = (byte) 0xfd;
        header[24] = (byte) 0xfd;
        return header;
    }

    private static byte[] transport(Shape shape, Random random) {
        byte[] header = new byte[shape.protocol == TCP ? 20 + shape.tcpOptionBytes : 8];
        random.nextBytes(header);
        if (shape.protocol == TCP) {
            header[12] = (byte) ((header.length / 4) << 4);
            header[13] = (byte) shape.tcpFlags;
            put(header, 16, 0, 2);
        } else {
            put(header, 4, 8 + shape.payloadBytes, 2);
            put(header, 6, 0, 2);
        }
        return header;
    }

    /** Where the checksum is, counted from the transport header. */
    int checksumOffset() {
        return protocol == TCP ? 16 : 6;
    }

    /** The same with the pseudo header's sum where the checksum goes, as a driver leaves it. */
    Packet withPseudoSum() {
        byte[] changed = bytes.clone();
        int length = bytes.length - transport;
        put(changed, transport + checksumOffset(), Naive.pseudoSum(this, length), 2);
        return with(changed);
    }

    Packet with(byte[] changed) {
        return new Packet(
                changed,
                version,
                protocol,
                network,
                transport,
                payload,
                fragmentable,
                nextHeaderField);
    }

    static void put(byte[] bytes, int at, int value, int count) {
        for (int i = 0; i < count; i++) {
            bytes[at + i] = (byte) (value >>> (8 * (count - 1 - i)));
        }
    }

    static int get(byte[] bytes, int at, int count) {
        int value = 0;
        for (int i = 0; i < count; i++) {
            value = (value << 8) | (bytes[at + i] & 0xff);
        }
        return value;
    }

    private static int size(List<byte[]> parts) {
        return parts.stream().mapToInt(part -> part.length).sum();
    }

    static byte[] join(List<byte[]> parts) {
        byte[] all = new byte[size(parts)];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
