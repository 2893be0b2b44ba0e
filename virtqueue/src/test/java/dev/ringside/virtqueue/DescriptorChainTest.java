package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reading and writing across a chain's entries. */
final class DescriptorChainTest {
    private TestMemory memory;
    private NaiveDriver driver;
    private SplitVirtqueue queue;
    private final DescriptorChain chain = new DescriptorChain(64);

    @BeforeEach
    void map() throws LinuxException, InvalidRingException {
        memory = new TestMemory();
        driver = new NaiveDriver(memory, 64, 0);
        queue = driver.queue();
    }

    @AfterEach
    void unmap() {
        memory.close();
    }

    private static byte[] numbers(int length, int first) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (first + i);
        }
        return bytes;
    }

    /** Buffers of 1 to 5 bytes, also across the regions' border, with gaps between. */
    private List<Buffer> scatter(RandomGenerator random, int total, boolean writable, long start) {
        List<Buffer> buffers = new ArrayList<>();
        long at = start;
        for (int left = total; left > 0; ) {
            int length = Math.min(left, 1 + random.nextInt(5));
            buffers.add(new Buffer(at, length, writable));
            at += length + random.nextInt(3);
            left -= length;
        }
        return buffers;
    }

    private byte[] content(List<Buffer> buffers) {
        byte[] all = new byte[(int) buffers.stream().mapToLong(Buffer::length).sum()];
        int at = 0;
        for (Buffer buffer : buffers) {
            byte[] part = memory.getBytes(buffer.address(), (int) buffer.length());
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    @Test
    void shouldReadTheSameHoweverTheBytesAreCut() {
        RandomGenerator random = TestSeed.generator("shouldReadTheSameHoweverTheBytesAreCut");
        for (int round = 0; round < 500; round++) {
            List<Buffer> buffers = scatter(random, 40, false, TestMemory.MIDDLE - 20);
            for (Buffer buffer : buffers) {
                byte[] bytes = new byte[(int) buffer.length()];
                random.nextBytes(bytes);
                memory.putBytes(buffer.address(), bytes);
            }
            byte[] expected = content(buffers);
            int head = driver.add(buffers);
            assertTrue(queue.next(chain));

            int from = random.nextInt(41);
            int length = random.nextInt(50);
            int copied = Math.min(length, 40 - from);
            byte[] array = new byte[60];
            byte[] viaSegment = new byte[60];
            assertEquals(copied, chain.copyFrom(from, array, 7, length));
            assertEquals(
                    copied, chain.copyFrom(from, MemorySegment.ofArray(viaSegment), 7, length));
            byte[] wanted = new byte[60];
            System.arraycopy(expected, from, wanted, 7, copied);
            assertArrayEquals(wanted, array);
            assertArrayEquals(wanted, viaSegment);
            int at = random.nextInt(33);
            ByteBuffer little = ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals(expected[at], chain.readByte(at));
            assertEquals(little.getInt(at), chain.readInt(at));
            assertEquals(little.getLong(at), chain.readLong(at));
            queue.complete(head, 0);
            queue.publish();
            driver.poll();
        }
    }

    @Test
    void shouldWriteTheSameHoweverTheBytesAreCut() {
        RandomGenerator random = TestSeed.generator("shouldWriteTheSameHoweverTheBytesAreCut");
        for (int round = 0; round < 500; round++) {
            List<Buffer> buffers = scatter(random, 40, true, TestMemory.MIDDLE - 20);
            int head = driver.add(buffers);
            assertTrue(queue.next(chain));
            byte[] expected = content(buffers);
            byte[] bytes = new byte[60];
            random.nextBytes(bytes);
            int from = random.nextInt(41);
            int length = random.nextInt(50);
            int copied = Math.min(length, 40 - from);
            int method = random.nextInt(3);

            if (method == 2) {
                Arrays.fill(bytes, (byte) 0);
                assertEquals(copied, chain.zeroTo(from, length));
            } else if (method == 1) {
                assertEquals(copied, chain.copyTo(from, MemorySegment.ofArray(bytes), 7, length));
            } else {
                assertEquals(copied, chain.copyTo(from, bytes, 7, length));
            }

            System.arraycopy(bytes, 7, expected, from, copied);
            int at = random.nextInt(40);
            chain.writeByte(at, (byte) 0x5a);
            expected[at] = 0x5a;
            assertArrayEquals(expected, content(buffers));
            queue.complete(head, 40);
            queue.publish();
            driver.poll();
        }
    }

    @Test
    void shouldKeepReadablePartsAndWritablePartsApart() {
        memory.putBytes(TestMemory.HIGH, numbers(8, 1));
        driver.add(Buffer.readable(TestMemory.HIGH, 8), Buffer.writable(TestMemory.HIGH + 100, 8));
        assertTrue(queue.next(chain));
        byte[] into = new byte[20];

        assertEquals(8, chain.copyFrom(0, into, 0, 20));
        assertEquals(8, chain.copyTo(0, numbers(20, 50), 0, 20));

        assertArrayEquals(numbers(8, 1), Arrays.copyOf(into, 8));
        assertArrayEquals(numbers(8, 1), memory.getBytes(TestMemory.HIGH, 8));
        assertArrayEquals(numbers(8, 50), memory.getBytes(TestMemory.HIGH + 100, 8));
        assertEquals(0, memory.getByte(TestMemory.HIGH + 108));
    }

    @Test
    void shouldRefusePositionsOutside() {
        driver.add(Buffer.readable(TestMemory.HIGH, 8), Buffer.writable(TestMemory.HIGH + 100, 8));
        assertTrue(queue.next(chain));
        Class<IndexOutOfBoundsException> outside = IndexOutOfBoundsException.class;

        assertThrows(outside, () -> chain.readByte(8));
        assertThrows(outside, () -> chain.readByte(-1));
        assertThrows(outside, () -> chain.readInt(5));
        assertThrows(outside, () -> chain.readLong(1));
        assertThrows(outside, () -> chain.readLong(Long.MAX_VALUE));
        assertThrows(outside, () -> chain.writeByte(8, (byte) 0));
        assertThrows(outside, () -> chain.writeByte(-1, (byte) 0));
        assertThrows(outside, () -> chain.copyFrom(-1, new byte[1], 0, 1));
        assertThrows(outside, () -> chain.copyFrom(0, new byte[1], 1, 1));
        assertThrows(outside, () -> chain.copyTo(-1, new byte[1], 0, 1));
        assertThrows(outside, () -> chain.copyTo(0, new byte[1], 0, 2));
        assertThrows(outside, () -> chain.zeroTo(0, -1));
        assertThrows(outside, () -> chain.segment(2));
        assertThrows(outside, () -> chain.length(-1));
        assertEquals(0, chain.copyFrom(Long.MAX_VALUE, new byte[1], 0, 1));
        assertEquals(0, chain.zeroTo(Long.MAX_VALUE, Long.MAX_VALUE));
    }

    @Test
    void shouldForgetItsEntries() {
        driver.add(Buffer.readable(TestMemory.HIGH, 8));
        assertTrue(queue.next(chain));

        chain.clear();

        assertEquals(0, chain.count());
        assertEquals(0, chain.readableBytes());
        assertThrows(IndexOutOfBoundsException.class, () -> chain.segment(0));
    }

    @Test
    void shouldRefuseToBeMadeForNothing() {
        assertThrows(IllegalArgumentException.class, () -> new DescriptorChain(0));
    }

    @Test
    void shouldCutLongBuffersAndStopBeyondFourGibibytes() throws Exception {
        long bytes = 6L << 30;
        try (MemoryRegion ring =
                        MemoryRegion.map(
                                Memfd.create("ring", TestMemory.LOW_BYTES),
                                TestMemory.LOW,
                                TestMemory.user(TestMemory.LOW),
                                TestMemory.LOW_BYTES,
                                0);
                MemoryRegion big =
                        MemoryRegion.map(
                                Memfd.create("big", bytes),
                                TestMemory.HIGH,
                                TestMemory.user(TestMemory.HIGH),
                                bytes,
                                0)) {
            driver.add(
                    Buffer.readable(TestMemory.HIGH + 5, 0xffff_ffffL),
                    Buffer.writable(TestMemory.HIGH, 1));
            driver.add(
                    Buffer.readable(TestMemory.HIGH, 0xffff_ffffL),
                    Buffer.writable(TestMemory.HIGH, 2));
            // The driver wrote its ring to the small memory: copy it to the ring's region here.
            MemorySegment.copy(
                    memory.segment(TestMemory.LOW), 0, ring.segment(), 0, TestMemory.LOW_BYTES);
            queue =
                    SplitVirtqueue.create(
                            driver.layout(), 0, 0, GuestMemory.of(List.of(ring, big)));

            assertTrue(queue.next(chain));

            assertEquals(5, chain.count());
            assertEquals(DescriptorChain.MAX_ENTRY_BYTES, chain.length(0));
            assertEquals(5 + (3L << 30), chain.offset(3));
            assertEquals(DescriptorChain.MAX_ENTRY_BYTES - 1, chain.length(3));
            assertEquals(0xffff_ffffL, chain.readableBytes());
            assertFalse(queue.next(chain));
            assertEquals(RingFault.CHAIN_BYTES, queue.fault());
        }
    }
}
