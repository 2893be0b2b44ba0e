package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Known sums, every way to cut a frame, and sums against {@link Naive}'s. */
class ChecksumTest {
    private final Random random = new Random(5);

    @Test
    void shouldGiveKnownSums() {
        // RFC 1071, section 3.
        assertEquals(0xddf2, sum("0001f203f4f5f6f7"));
        assertEquals(0, sum(""));
        assertEquals(0xab00, sum("ab"));
        assertEquals(0xffff, sum("ffff"));
        assertEquals(0xffff, sum("ffffffffffffffffffffffffffffffff"));
        assertEquals(1, sum("ffff0001"));
        // An IPv4 header whose checksum, b861, is known.
        assertEquals(0xffff, sum("45000073000040004011b861c0a80001c0a800c7"));
        assertEquals(~0xb861 & 0xffff, sum("450000730000400040110000c0a80001c0a800c7"));
    }

    private static int sum(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        int sum = Checksum.of(Frames.of(bytes), 0, bytes.length);
        assertEquals(sum, Checksum.of(Frames.memory(bytes), 0, bytes.length));
        return sum;
    }

    @Test
    void shouldNotDependOnHowTheFrameIsCut() {
        byte[] bytes = new byte[61];
        random.nextBytes(bytes);
        int expected = Naive.sum(bytes, 0, bytes.length);
        MemorySegment memory = Frames.memory(bytes);
        Frame frame = new Frame(FrameKeeper.NONE, 4);
        for (int first = 0; first <= 61; first++) {
            for (int second = first; second <= 61; second++) {
                for (int third = second; third <= 61; third++) {
                    frame.clear();
                    frame.add(memory, 0, first);
                    frame.pull(first);
                    frame.add(memory, first, second - first);
                    frame.add(memory, second, third - second);
                    frame.add(memory, third, 61 - third);

                    assertEquals(expected, Checksum.of(frame, 0, 61));
                }
            }
        }
    }

    @Test
    void shouldSumAnyRange() {
        byte[] bytes = new byte[97];
        random.nextBytes(bytes);
        for (int way = 0; way < 20; way++) {
            Frame frame = Frames.split(bytes, random);
            for (int from = 0; from <= 97; from++) {
                for (int to = from; to <= 97; to++) {
                    int sum = Checksum.of(frame, from, to - from);
                    assertEquals(Naive.sum(bytes, from, to), sum, from + " to " + to);
                }
            }
        }
    }

    @Test
    void shouldSumTheLongestFrames() {
        byte[] bytes = new byte[Frame.MAX_BYTES];
        Arrays.fill(bytes, (byte) 0xff);
        assertEquals(0xffff, Checksum.of(Frames.of(bytes), 0, bytes.length - 1));
        for (int round = 0; round < 20; round++) {
            random.nextBytes(bytes);
            int length = bytes.length - random.nextInt(20);
            Frame frame = Frames.split(bytes, random);
            assertEquals(Naive.sum(bytes, 0, length), Checksum.of(frame, 0, length));
        }
    }

    @Test
    void shouldRefuseRangesOutsideTheFrame() {
        Frame frame = Frames.of(new byte[20]);
        for (int[] range : new int[][] {{-1, 3}, {0, 21}, {21, 0}, {10, 11}, {3, -1}}) {
            assertThrows(
                    IndexOutOfBoundsException.class, () -> Checksum.of(frame, range[0], range[1]));
        }
    }

    @Test
    void shouldPutAllOnesForZero() {
        for (int protocol : new int[] {Packet.TCP, Packet.UDP}) {
            Packet packet = Packet.of(Packet.Shape.plain(4, protocol, 32), random);
            Packet.put(packet.bytes(), packet.payload(), 0, 2);
            int checksum = checksum(packet);
            // With its own complement's sum in the payload, nothing is left.
            Packet.put(packet.bytes(), packet.payload(), checksum, 2);

            assertEquals(0xffff, checksum(packet));
        }
    }

    private static int checksum(Packet packet) {
        Packet needing = packet.withPseudoSum();
        Frame frame = Frames.needChecksum(Frames.of(needing.bytes()), needing);
        assertTrue(Checksum.complete(frame));
        assertFalse(frame.checksumNeeded());
        return frame.headShort(packet.transport() + packet.checksumOffset());
    }

    @Test
    void shouldLeaveRefusedFramesAsTheyWere() {
        byte[] bytes = new byte[600];
        random.nextBytes(bytes);
        Frame frame = Frames.of(bytes);
        frame.needChecksum(100, 480);

        assertFalse(Checksum.complete(frame));

        assertTrue(frame.checksumNeeded());
        assertTrue(Arrays.equals(bytes, Frames.bytes(frame)));
    }
}
