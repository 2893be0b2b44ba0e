package dev.ringside.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.blk.backend.BlockBackends;
import dev.ringside.virtio.blk.backend.TestSeed;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every request type and everything that can be wrong with a request, on a disk in memory. */
class BlkRequestTest {
    private static final int OK = BlkSpec.VIRTIO_BLK_S_OK;
    private static final int IOERR = BlkSpec.VIRTIO_BLK_S_IOERR;
    private static final int UNSUPP = BlkSpec.VIRTIO_BLK_S_UNSUPP;
    private static final int SECTORS = 16384;
    private static final byte[] NONE = {};

    private TestDisk disk;

    BlkRequestTest() throws Exception {
        disk = open(BlkConfig.named("disk").withSerial("ringside-0001"));
    }

    private static TestDisk open(BlkConfig config) throws Exception {
        return new TestDisk(config, BlockBackends.open("memory:size=8M", false));
    }

    @BeforeEach
    void rewind() {
        disk.guest.reset();
    }

    @AfterEach
    void close() {
        assertNull(disk.guest.queue().fault());
        assertEquals(0, disk.guest.queue().inFlight());
        disk.close();
    }

    @Test
    void shouldReadWhatWasWritten() {
        byte[] data = TestSeed.bytes(new Random(1), 8192);

        TestDisk.Answer written = disk.write(16, data);
        TestDisk.Answer read = disk.read(16, 8192);

        assertEquals(OK, written.status());
        assertEquals(1, written.used());
        assertEquals(OK, read.status());
        assertEquals(8193, read.used());
        assertArrayEquals(data, read.data());
        assertEquals(8192, disk.counter(BlkCounter.READ_BYTES));
        assertEquals(1, disk.counter(BlkCounter.WRITE_REQUESTS));
    }

    @Test
    void shouldReachTheLastSectorAndNoFurther() {
        assertEquals(OK, disk.write(SECTORS - 1, new byte[512]).status());
        assertEquals(OK, disk.read(SECTORS - 1, 512).status());
        assertEquals(OK, disk.read(SECTORS, 0).status());
        assertEquals(IOERR, disk.write(SECTORS, new byte[512]).status());
        assertEquals(IOERR, disk.read(SECTORS - 1, 1024).status());
    }

    @Test
    void shouldRefuseWhenSectorAndLengthOverflow() {
        for (long sector :
                new long[] {
                    -1L, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 55, (1L << 55) - 1, SECTORS + 1L
                }) {
            assertEquals(IOERR, disk.read(sector, 512).status(), Long.toHexString(sector));
            assertEquals(IOERR, disk.write(sector, new byte[512]).status());
            assertEquals(IOERR, ranges(11, TestDisk.range(sector, 1, 0)).status());
            assertEquals(IOERR, ranges(13, TestDisk.range(sector, -1, 0)).status());
        }
    }

    @Test
    void shouldRefuseWhenDataIsNoMultipleOf512() {
        for (int bytes : new int[] {1, 511, 513, 4095}) {
            TestDisk.Answer read = disk.read(0, bytes);
            assertEquals(IOERR, read.status());
            assertEquals(1, read.used());
            byte[] untouched = new byte[bytes];
            Arrays.fill(untouched, (byte) 0xee);
            assertArrayEquals(untouched, read.data(), "a failed read writes no data");
            assertEquals(IOERR, disk.write(0, new byte[bytes]).status());
        }
        assertEquals(8, disk.counter(BlkCounter.IOERR));
    }

    @Test
    void shouldCompleteWithZeroWhenThereIsNoStatusByte() {
        var header = disk.readable(TestDisk.header(BlkSpec.VIRTIO_BLK_T_OUT, 0), 0);
        var data = disk.readable(new byte[512], 0);

        TestDisk.Answer answer = disk.await(disk.submit(List.of(header, data)));

        assertEquals(0, answer.used());
        assertEquals(1, disk.counter(BlkCounter.NO_STATUS));
        assertEquals(OK, disk.read(0, 512).status());
    }

    @Test
    void shouldFailWhenHeaderIsShort() {
        for (int bytes : new int[] {1, 8, 15}) {
            var header = disk.readable(Arrays.copyOf(TestDisk.header(0, 0), bytes), 0);
            var rest = disk.writable(513, 0);
            assertEquals(IOERR, disk.await(disk.submit(List.of(header, rest))).status());
        }
        var alone = disk.writable(1, 0);
        assertEquals(IOERR, disk.await(disk.submit(List.of(alone))).status());
    }

    @Test
    void shouldAnswerUnsupportedWhenTypeIsUnknown() {
        for (int type : new int[] {2, 3, 5, 6, 7, 9, 10, 12, 14 + 1, 0x8000_0000, -1, 24}) {
            assertEquals(UNSUPP, disk.run(type, 0, NONE, 512).status(), "type " + type);
        }
    }

    @Test
    void shouldGiveTheSerialWhenBufferIsOfAnySize() {
        byte[] serial = Arrays.copyOf("ringside-0001".getBytes(StandardCharsets.US_ASCII), 20);
        for (int room : new int[] {20, 0, 1, 13, 19, 21, 512}) {
            TestDisk.Answer answer = disk.run(BlkSpec.VIRTIO_BLK_T_GET_ID, 0, NONE, room);
            int given = Math.min(room, 20);
            assertEquals(OK, answer.status());
            assertEquals(given + 1, answer.used());
            assertArrayEquals(Arrays.copyOf(serial, given), Arrays.copyOf(answer.data(), given));
            for (int i = given; i < room; i++) {
                assertEquals((byte) 0xee, answer.data()[i], "untouched beyond 20 bytes");
            }
        }
    }

    private TestDisk.Answer ranges(int type, byte[]... ranges) {
        return disk.run(type, 0, TestDisk.concat(ranges), 0);
    }

    @Test
    void shouldZeroAllRangesOfARequest() {
        byte[] data = TestSeed.bytes(new Random(2), 64 << 10);
        assertEquals(OK, disk.write(0, data).status());

        TestDisk.Answer answer =
                ranges(
                        BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES,
                        TestDisk.range(1, 2, 0),
                        TestDisk.range(8, 0, 1),
                        TestDisk.range(100, 28, 1));

        assertEquals(OK, answer.status());
        assertEquals(1, answer.used());
        Arrays.fill(data, 512, 3 * 512, (byte) 0);
        Arrays.fill(data, 100 * 512, 128 * 512, (byte) 0);
        assertArrayEquals(data, disk.read(0, 64 << 10).data());
        assertEquals(30 * 512, disk.counter(BlkCounter.WRITE_ZEROES_BYTES));
    }

    @Test
    void shouldJudgeFlagsByType() {
        byte[] plain = TestDisk.range(0, 8, 0);
        byte[] unmap = TestDisk.range(0, 8, 1);
        byte[] unknown = TestDisk.range(0, 8, 2);
        assertEquals(OK, ranges(BlkSpec.VIRTIO_BLK_T_DISCARD, plain).status());
        assertEquals(UNSUPP, ranges(BlkSpec.VIRTIO_BLK_T_DISCARD, unmap).status());
        assertEquals(OK, ranges(BlkSpec.VIRTIO_BLK_T_SECURE_ERASE, plain).status());
        assertEquals(UNSUPP, ranges(BlkSpec.VIRTIO_BLK_T_SECURE_ERASE, unmap).status());
        assertEquals(OK, ranges(BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES, unmap).status());
        for (int type : new int[] {11, 13, 14}) {
            assertEquals(UNSUPP, ranges(type, plain, unknown).status());
        }
    }

    @Test
    void shouldChangeNothingWhenOneRangeIsWrong() {
        byte[] data = TestSeed.bytes(new Random(3), 4096);
        assertEquals(OK, disk.write(0, data).status());

        TestDisk.Answer answer =
                ranges(13, TestDisk.range(0, 8, 0), TestDisk.range(SECTORS - 1, 2, 0));

        assertEquals(IOERR, answer.status());
        assertArrayEquals(data, disk.read(0, 4096).data());
    }

    @Test
    void shouldRefuseWhenRangesAreNoneTornOrTooMany() {
        assertEquals(IOERR, disk.run(11, 0, NONE, 0).status());
        assertEquals(IOERR, disk.run(11, 0, new byte[15], 0).status());
        assertEquals(IOERR, disk.run(11, 0, new byte[17], 0).status());
        int most = BlkConfigSpace.MAX_RANGES;
        assertEquals(OK, disk.run(11, 0, new byte[16 * most], 0).status());
        assertEquals(IOERR, disk.run(11, 0, new byte[16 * (most + 1)], 0).status());
    }

    @Test
    void shouldTakeRangesOfAnyLengthInsideTheDisk() {
        assertEquals(OK, ranges(13, TestDisk.range(0, SECTORS, 1)).status());
        assertEquals(IOERR, ranges(13, TestDisk.range(0, SECTORS + 1, 1)).status());
        assertEquals(IOERR, ranges(11, TestDisk.range(0, -1, 0)).status());
    }

    @Test
    void shouldAnswerErrorsWhenDiskIsReadOnly() throws Exception {
        disk.close();
        disk = open(BlkConfig.named("disk").withReadOnly(true));
        assertTrue((disk.device.offeredFeatures() & BlkSpec.VIRTIO_BLK_F_RO) != 0);
        assertEquals(IOERR, disk.write(0, new byte[512]).status());
        assertEquals(IOERR, ranges(11, TestDisk.range(0, 1, 0)).status());
        assertEquals(IOERR, ranges(13, TestDisk.range(0, 1, 0)).status());
        assertEquals(IOERR, ranges(14, TestDisk.range(0, 1, 0)).status());
        assertArrayEquals(new byte[512], disk.read(0, 512).data());
        assertEquals(OK, disk.flush().status());
    }

    @Test
    void shouldReadAndWriteWhenLayoutIsRandom() {
        Random random = TestSeed.random("BlkRequestTest");
        byte[] model = new byte[SECTORS * 512];
        for (int i = 0; i < 1500; i++) {
            disk.guest.reset();
            if (random.nextInt(4) == 0) {
                disk.guest.skipToBorder(random.nextInt(20_000));
            }
            int bytes = random.nextInt(24) * 512;
            int sector = random.nextInt(SECTORS - bytes / 512);
            boolean write = random.nextBoolean();
            byte[] data = TestSeed.bytes(random, write ? bytes : 0);
            byte[] out = TestDisk.concat(TestDisk.header(write ? 1 : 0, sector), data);
            var layout = new RandomLayout(random, disk);
            layout.readable(out);
            layout.writable(write ? 1 : bytes + 1);
            int head =
                    layout.buffers().size() > disk.guest.room() || random.nextBoolean()
                            ? disk.guest.addIndirect(layout.buffers())
                            : disk.guest.add(layout.buffers());

            TestDisk.Answer answer = disk.await(new TestDisk.Pending(head, layout.buffers()));

            assertEquals(OK, answer.status(), "request " + i);
            assertEquals(write ? 1 : bytes + 1, answer.used());
            if (write) {
                System.arraycopy(data, 0, model, sector * 512, bytes);
            } else {
                int from = sector * 512;
                assertArrayEquals(Arrays.copyOfRange(model, from, from + bytes), answer.data());
            }
        }
    }
}
