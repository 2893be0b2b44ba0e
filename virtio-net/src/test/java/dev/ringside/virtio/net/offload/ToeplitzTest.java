package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ringside.virtio.net.frame.Frame;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Microsoft's vectors ("Verifying the RSS Hash Calculation"), and which hash is chosen. */
class ToeplitzTest {
    private static final byte[] KEY =
            HexFormat.of()
                    .parseHex(
                            "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b4"
                                    + "77cb2da38030f20c6a42b73bbeac01fa");

    private final Toeplitz toeplitz = new Toeplitz(KEY);
    private final Headers headers = new Headers();
    private final Random random = new Random(3);

    @ParameterizedTest
    @CsvSource({
        "161.142.100.80, 1766, 66.9.149.187, 2794, 323e8fc2, 51ccc178",
        "65.69.140.83, 4739, 199.92.111.2, 14230, d718262a, c626b0ea",
        "12.22.207.184, 38024, 24.19.198.95, 12898, d2d0a5de, 5c2b394a",
        "209.142.163.6, 2217, 38.27.205.30, 48228, 82989176, afc7327f",
        "202.188.127.2, 1303, 153.39.163.191, 44251, 5d1809c5, 10e828a2",
        "3ffe:2501:200:3::1, 1766, 3ffe:2501:200:1fff::7, 2794, 2cc18cd5, 40207d3d",
        "ff02::1, 4739, 3ffe:501:8::260:97ff:fe40:efab, 14230, 0f0c461c, dde51bbf",
        "fe80::200:f8ff:fe21:67cf, 38024, 3ffe:1900:4545:3:200:f8ff:fe21:67cf, 44251,"
                + " 4b61e985, 02d1feef",
    })
    void shouldGiveTheKnownAnswers(
            String destination, int to, String source, int from, String addresses, String ports)
            throws UnknownHostException {
        for (int protocol : new int[] {Packet.TCP, Packet.UDP}) {
            byte[] sourceBytes = InetAddress.getByName(source).getAddress();
            int version = sourceBytes.length == 4 ? 4 : 6;
            Packet packet = Packet.of(Packet.Shape.plain(version, protocol, 9), random);
            int at = packet.network() + (version == 4 ? 12 : 8);
            byte[] bytes = packet.bytes();
            System.arraycopy(sourceBytes, 0, bytes, at, sourceBytes.length);
            byte[] there = InetAddress.getByName(destination).getAddress();
            System.arraycopy(there, 0, bytes, at + there.length, there.length);
            Packet.put(bytes, packet.transport(), from, 2);
            Packet.put(bytes, packet.transport() + 2, to, 2);
            int family = version == 4 ? HashType.IPV4 : HashType.IPV6;

            check(packet, family, addresses, family);
            check(packet, HashType.ALL, ports, family << (protocol == Packet.TCP ? 1 : 2));
            // TCP without ports when only those of the other protocol are enabled.
            check(packet, HashType.ALL & ~(family << 1) & ~(family << 2), addresses, family);
            check(packet, HashType.ALL & ~(family * 7), "0", 0);
        }
    }

    private void check(Packet packet, int types, String hash, int type) {
        Frame frame = Frames.of(packet.bytes());
        headers.parse(frame);

        int got = toeplitz.hash(frame, headers, types);

        assertEquals(hash, HexFormat.of().toHexDigits(got).replaceFirst("^0{8}$", "0"));
        assertEquals(type, toeplitz.type());
    }

    @Test
    void shouldTakeAddressesFromExtensionHeaders() {
        Packet plain = Packet.of(Packet.Shape.plain(6, Packet.TCP, 0), random);
        byte[] home = new byte[16];
        byte[] visited = new byte[16];
        random.nextBytes(home);
        random.nextBytes(visited);
        // Routing header of type 2 with one address; destination options, padded, with an address.
        byte[] extensions = new byte[24 + 24];
        extensions[0] = 60;
        extensions[1] = 2;
        extensions[2] = 2;
        extensions[3] = 1;
        System.arraycopy(visited, 0, extensions, 8, 16);
        extensions[24] = Packet.TCP;
        extensions[25] = 2;
        extensions[26] = 0;
        extensions[27] = 1;
        extensions[28] = 0;
        extensions[29] = 0;
        extensions[30] = (byte) 0xc9;
        extensions[31] = 16;
        System.arraycopy(home, 0, extensions, 32, 16);
        byte[] bytes = plain.bytes();
        byte[] extended = new byte[bytes.length + extensions.length];
        System.arraycopy(bytes, 0, extended, 0, 54);
        System.arraycopy(extensions, 0, extended, 54, extensions.length);
        System.arraycopy(bytes, 54, extended, 54 + extensions.length, bytes.length - 54);
        extended[20] = 43;
        byte[] likeIt = bytes.clone();
        System.arraycopy(home, 0, likeIt, 22, 16);
        System.arraycopy(visited, 0, likeIt, 38, 16);

        assertHash(likeIt, HashType.TCPV6, extended, HashType.ALL, HashType.TCP_EX);
        assertHash(likeIt, HashType.IPV6, extended, HashType.IP_EX, HashType.IP_EX);
        // Without any of the EX types they are skipped.
        int others = HashType.IPV6 | HashType.TCPV6;
        assertHash(bytes, HashType.TCPV6, extended, others, HashType.TCPV6);
        // A type for UDP is of no use to TCP, but the one for addresses goes before TCPV6.
        int some = HashType.UDP_EX | HashType.IP_EX | HashType.TCPV6;
        assertHash(likeIt, HashType.IPV6, extended, some, HashType.IP_EX);
    }

    private void assertHash(byte[] like, int likeTypes, byte[] bytes, int types, int type) {
        Frame expected = Frames.of(like);
        headers.parse(expected);
        int hash = toeplitz.hash(expected, headers, likeTypes);
        Frame frame = Frames.of(bytes);
        headers.parse(frame);

        assertEquals(hash, toeplitz.hash(frame, headers, types));
        assertEquals(type, toeplitz.type());
    }

    @Test
    void shouldHashOnlyAddressesOfFragments() {
        Packet packet = Packet.of(Packet.Shape.plain(4, Packet.UDP, 100), random);
        packet.bytes()[20] = 0x20;
        Frame frame = Frames.of(packet.bytes());
        headers.parse(frame);

        toeplitz.hash(frame, headers, HashType.ALL);

        assertEquals(HashType.IPV4, toeplitz.type());
    }

    @Test
    void shouldHashNothingElse() {
        byte[] arp = new byte[60];
        Packet.put(arp, 12, 0x0806, 2);
        Frame frame = Frames.of(arp);
        headers.parse(frame);

        assertEquals(0, toeplitz.hash(frame, headers, HashType.ALL));
        assertEquals(0, toeplitz.type());
    }

    @Test
    void shouldTakeShortKeysAsIfZeroesFollowed() {
        Packet packet = Packet.of(Packet.Shape.plain(6, Packet.UDP, 1), random);
        Frame frame = Frames.of(packet.bytes());
        headers.parse(frame);
        byte[] key = Arrays.copyOf(KEY, 20);

        assertEquals(
                new Toeplitz(Arrays.copyOf(key, 40)).hash(frame, headers, HashType.ALL),
                new Toeplitz(key).hash(frame, headers, HashType.ALL));
        assertEquals(0, new Toeplitz(new byte[0]).hash(frame, headers, HashType.ALL));
        assertThrows(IllegalArgumentException.class, () -> new Toeplitz(new byte[41]));
    }

    @Test
    void shouldNameTypesForReports() {
        assertEquals(0, HashType.report(0));
        assertEquals(1, HashType.report(HashType.IPV4));
        assertEquals(5, HashType.report(HashType.TCPV6));
        assertEquals(9, HashType.report(HashType.UDP_EX));
    }
}
