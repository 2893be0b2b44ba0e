package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The same both ways, and spread well. */
class FlowHashTest {
    private final Headers headers = new Headers();
    private final Random random = new Random(4);

    @Test
    void shouldBeTheSameInBothDirections() {
        for (int round = 0; round < 500; round++) {
            int version = random.nextBoolean() ? 4 : 6;
            int protocol = random.nextBoolean() ? Packet.TCP : Packet.UDP;
            Packet packet = Packet.of(Packet.Shape.random(random, version, protocol, 20), random);
            byte[] back = packet.bytes().clone();
            int width = version == 4 ? 4 : 16;
            swap(back, packet.network() + (version == 4 ? 12 : 8), width);
            swap(back, packet.transport(), 2);
            swap(back, 0, 6);

            assertEquals(hash(packet.bytes()), hash(back), "round " + round);
        }
        byte[] arp = new byte[60];
        random.nextBytes(arp);
        Packet.put(arp, 12, 0x0806, 2);
        byte[] back = arp.clone();
        swap(back, 0, 6);
        assertEquals(hash(arp), hash(back));
        assertNotEquals(0, hash(arp));
    }

    @Test
    void shouldSpreadPortsOverQueues() {
        for (int version : new int[] {4, 6}) {
            Packet packet = Packet.of(Packet.Shape.plain(version, Packet.TCP, 20), random);
            int[] counts = new int[8];
            for (int port = 32768; port < 32768 + 8000; port++) {
                Packet.put(packet.bytes(), packet.transport(), port, 2);
                counts[hash(packet.bytes()) & 7]++;
            }
            for (int count : counts) {
                assertTrue(count > 850 && count < 1150, Arrays.toString(counts));
            }
        }
    }

    @Test
    void shouldKeepFragmentsTogether() {
        Packet packet = Packet.of(Packet.Shape.plain(4, Packet.UDP, 20), random);
        packet.bytes()[20] = 0x20;
        int first = hash(packet.bytes());
        packet.bytes()[20] = 0x01;
        packet.bytes()[34] ^= 1;

        assertEquals(first, hash(packet.bytes()));
    }

    @Test
    void shouldHashNothingOfTooLittle() {
        assertEquals(0, hash(new byte[13]));
    }

    private static void swap(byte[] bytes, int at, int width) {
        for (int i = at; i < at + width; i++) {
            byte kept = bytes[i];
            bytes[i] = bytes[i + width];
            bytes[i + width] = kept;
        }
    }

    private int hash(byte[] bytes) {
        Frame frame = Frames.of(bytes);
        headers.parse(frame);
        return FlowHash.of(frame, headers);
    }
}
