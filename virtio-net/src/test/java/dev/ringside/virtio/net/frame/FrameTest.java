package dev.ringside.virtio.net.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FrameTest {
    private static final int ROUNDS = 5_000;

    private final Frame frame = new Frame(FrameKeeper.NONE, 2);

    private static MemorySegment segment(byte... bytes) {
        return MemorySegment.ofArray(bytes);
    }

    private static byte[] content(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        frame.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length);
        return bytes;
    }

    private static byte[] ethernet(int... etherTypes) {
        byte[] bytes = new byte[40];
        int at = 12;
        for (int type : etherTypes) {
            bytes[at] = (byte) (type >>> 8);
            bytes[at + 1] = (byte) type;
            at += 4;
        }
        return bytes;
    }

    @Test
    void shouldKeepWhatWasPulledWhenGuestChangesItsMemory() {
        MemorySegment guest = segment((byte) 1, (byte) 2, (byte) 3, (byte) 4);
        frame.add(guest, 0, 4);
        assertTrue(frame.pull(2));

        guest.fill((byte) 9);

        assertArrayEquals(new byte[] {1, 2, 9, 9}, content(frame));
        assertEquals(0x0102, frame.headShort(0));
    }

    @Test
    void shouldRefuseToPullMoreThanThereIs() {
        frame.add(segment(new byte[20]), 0, 20);

        assertFalse(frame.pull(21));
        assertTrue(frame.pull(20));
        assertEquals(0, frame.extents());
        frame.add(segment(new byte[1000]), 0, 1000);
        assertFalse(frame.pull(Frame.MAX_HEAD_BYTES + 1));
        assertTrue(frame.pull(Frame.MAX_HEAD_BYTES));
    }

    @Test
    void shouldReadOnlyWhatWasPulled() {
        frame.add(segment(new byte[20]), 0, 20);
        frame.pull(14);

        assertThrows(IndexOutOfBoundsException.class, () -> frame.headByte(14));
        assertThrows(IndexOutOfBoundsException.class, () -> frame.headShort(13));
        assertThrows(IndexOutOfBoundsException.class, () -> frame.setHeadByte(-1, 0));
    }

    @Test
    void shouldRefuseToInsertBeyondTheHeadroom() {
        frame.add(segment(new byte[20]), 0, 20);
        frame.pull(14);

        for (int i = 0; i < Frame.HEADROOM_BYTES; i += 4) {
            assertTrue(frame.insert(12, 4));
        }
        assertFalse(frame.insert(12, 4));
        assertEquals(20 + Frame.HEADROOM_BYTES, frame.length());
    }

    @Test
    void shouldMoveChecksumWithTagsPutInAndTakenOut() {
        frame.add(segment(new byte[60]), 0, 60);
        frame.needChecksum(34, 16);
        frame.pull(14);

        frame.insert(12, 4);
        assertEquals(38, frame.checksumStart());
        frame.remove(12, 4);

        assertEquals(34, frame.checksumStart());
        assertEquals(16, frame.checksumOffset());
    }

    @Test
    void shouldNeedNothingAtFirstAndAfterClear() {
        frame.needChecksum(0, 0);
        frame.needSegmentation(Frame.GSO_TCPV4, 100, true);
        assertEquals(Offload.CSUM | Offload.TSO4 | Offload.ECN, frame.needs());

        frame.clear();

        assertEquals(Offload.NONE, frame.needs());
        assertFalse(frame.checksumNeeded());
    }

    @Test
    void shouldTellUdpSegmentationByEtherTypeBehindTags() {
        assertEquals(Offload.USO4, udp(ethernet(0x0800)));
        assertEquals(Offload.USO6, udp(ethernet(0x86dd)));
        assertEquals(Offload.USO6, udp(ethernet(0x8100, 0x86dd)));
        assertEquals(Offload.USO6, udp(ethernet(0x88a8, 0x8100, 0x86dd)));
        assertEquals(Offload.USO4, udp(ethernet(0x8100, 0x8100, 0x8100, 0x86dd)));
        assertEquals(Offload.USO4, udp(new byte[13]));
    }

    private int udp(byte[] bytes) {
        frame.clear();
        frame.add(segment(bytes), 0, bytes.length);
        frame.needSegmentation(Frame.GSO_UDP_L4, 100, false);
        return frame.needs();
    }

    @Test
    void shouldRefuseToCopyWhatIsNotThere() {
        frame.add(segment(new byte[20]), 0, 20);
        MemorySegment into = segment(new byte[30]);

        assertThrows(IndexOutOfBoundsException.class, () -> frame.copyTo(0, into, 0, 21));
        assertThrows(IndexOutOfBoundsException.class, () -> frame.copyTo(20, into, 0, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> frame.copyTo(-1, into, 0, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> frame.copyTo(0, into, 15, 20));
    }

    /** Counts what is released. */
    private static final class Keeper implements FrameKeeper {
        final List<Frame> released = new ArrayList<>();

        @Override
        public @Nullable Frame hold(Frame frame) {
            Frame held = new Frame(this, 2);
            held.viewOf(frame);
            held.beginHold(7);
            return held;
        }

        @Override
        public void released(Frame held) {
            released.add(held);
        }
    }

    @Test
    void shouldTellKeeperWhenLastReferenceIsGone() {
        Keeper keeper = new Keeper();
        Frame source = new Frame(keeper, 2);
        source.add(segment(new byte[20]), 0, 20);
        Frame held = Objects.requireNonNull(source.hold());
        assertFalse(held.shared());

        held.retain();
        assertTrue(held.shared());
        held.release();
        assertTrue(keeper.released.isEmpty());
        held.release();

        assertEquals(List.of(held), keeper.released);
        assertEquals(7, held.token());
        assertThrows(IllegalStateException.class, held::release);
    }

    @Test
    void shouldHoldNothingWithoutKeeper() {
        assertNull(frame.hold());
    }

    /** Random operations against the same on a list of bytes. */
    @Test
    void shouldBeTheBytesThatAModelSays() {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println("FrameTest: replay with -Dringside.seed=" + seed);
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        Frame view = new Frame(FrameKeeper.NONE, 1);
        for (int round = 0; round < ROUNDS; round++) {
            List<Byte> model = fill(random);
            for (int step = random.nextInt(12); step > 0; step--) {
                change(random, model);
            }
            assertContent(model, frame);
            view.viewOf(frame);
            assertContent(model, view);
            if (view.pull(Math.min(model.size(), 14)) && view.headBytes() > 0) {
                view.setHeadByte(0, ~view.headByte(0));
                assertContent(model, frame);
            }
        }
    }

    private List<Byte> fill(RandomGenerator random) {
        frame.clear();
        List<Byte> model = new ArrayList<>();
        for (int n = random.nextInt(1, 8); n > 0; n--) {
            byte[] memory = new byte[random.nextInt(1, 300)];
            random.nextBytes(memory);
            int offset = random.nextInt(memory.length);
            int length = random.nextInt(memory.length - offset + 1);
            frame.add(segment(memory), offset, length);
            for (int i = 0; i < length; i++) {
                model.add(memory[offset + i]);
            }
        }
        return model;
    }

    private void change(RandomGenerator random, List<Byte> model) {
        switch (random.nextInt(4)) {
            case 0 -> {
                int count = random.nextInt(600);
                boolean possible =
                        count <= frame.headBytes()
                                || count <= Math.min(model.size(), Frame.MAX_HEAD_BYTES);
                assertEquals(possible, frame.pull(count));
            }
            case 1 -> {
                int at = random.nextInt(frame.headBytes() + 1);
                if (frame.insert(at, 4)) {
                    for (int i = 0; i < 4; i++) {
                        byte value = (byte) random.nextInt();
                        frame.setHeadByte(at + i, value);
                        model.add(at + i, value);
                    }
                }
            }
            case 2 -> {
                if (frame.headBytes() > 0) {
                    int at = random.nextInt(frame.headBytes());
                    int count = random.nextInt(frame.headBytes() - at + 1);
                    frame.remove(at, count);
                    model.subList(at, at + count).clear();
                }
            }
            default -> {
                if (frame.headBytes() > 0) {
                    int at = random.nextInt(frame.headBytes());
                    frame.setHeadByte(at, at);
                    model.set(at, (byte) at);
                }
            }
        }
    }

    private static void assertContent(List<Byte> model, Frame frame) {
        byte[] expected = new byte[model.size()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = model.get(i);
        }
        assertArrayEquals(expected, content(frame));
        int from = expected.length / 3;
        byte[] part = new byte[expected.length - from];
        frame.copyTo(from, MemorySegment.ofArray(part), 0, part.length);
        assertArrayEquals(Arrays.copyOfRange(expected, from, expected.length), part);
        int sum = frame.headBytes();
        for (int i = 0; i < frame.extents(); i++) {
            assertTrue(frame.length(i) > 0);
            assertEquals(
                    frame.segment(i).get(ValueLayout.JAVA_BYTE, frame.offset(i)), expected[sum]);
            sum += frame.length(i);
        }
        assertEquals(expected.length, sum);
    }
}
