package dev.ringside.virtio.blk.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every backend promises, whatever its medium is. */
abstract class BlockBackendContract {
    static final int CAPACITY = 8 << 20;
    private static final int LARGE = 3 << 20;

    private long filesBefore;
    private TestShard shard;
    private BlockBackend backend;

    /** A backend of {@link #CAPACITY} bytes, all zero. */
    abstract BlockBackend open() throws Exception;

    /** Gives the medium back. */
    void release() throws Exception {}

    /** False for a medium that forgets. */
    boolean keepsData() {
        return true;
    }

    @BeforeEach
    void setUp() throws Exception {
        filesBefore = Host.openFiles();
        backend = open();
        shard = new TestShard(16);
    }

    @AfterEach
    void tearDown() throws Exception {
        backend.close();
        backend.close();
        shard.close();
        release();
        assertEquals(filesBefore, Host.openFiles(), "file descriptors leaked");
    }

    @Test
    void shouldTellCapacityAndTraits() {
        assertEquals(CAPACITY, backend.capacityBytes());
        assertTrue(backend.traits().logicalBlockSize() >= 512);
        assertFalse(backend.traits().readOnly());
        assertFalse(backend.describe().isBlank());
    }

    @Test
    void shouldReadBackWhatWasWrittenWhenLayoutIsRandom() {
        Random random = TestSeed.random(getClass().getSimpleName());
        byte[] model = new byte[CAPACITY];
        try (TestChannel channel = new TestChannel(shard, backend, 1, 1 << 20)) {
            for (int i = 0; i < 300; i++) {
                int sectors = 1 + random.nextInt(random.nextInt(8) == 0 ? 2000 : 40);
                int bytes = sectors * 512;
                int at = random.nextInt((CAPACITY - bytes) / 512 + 1) * 512;
                int shift = random.nextBoolean() ? 0 : random.nextInt(4096);
                int unit = random.nextBoolean() ? 512 : 1;
                int[] cuts = TestChannel.cuts(random, bytes, unit);
                if (random.nextBoolean()) {
                    byte[] data = TestSeed.bytes(random, bytes);
                    System.arraycopy(data, 0, model, at, bytes);
                    assertEquals(0, channel.write(at, data, shift, cuts));
                } else {
                    channel.layOut(0, shift, cuts);
                    channel.submit(0, BlockOperation.READ, at, bytes, false, false);
                    assertEquals(0, channel.await(0));
                    if (keepsData()) {
                        assertArrayEquals(
                                Arrays.copyOfRange(model, at, at + bytes),
                                channel.data(0, bytes),
                                "request " + i + " at " + at);
                    }
                }
            }
        }
    }

    @Test
    void shouldMoveAllWhenRequestIsLargerThanASlice() {
        Random random = TestSeed.random(getClass().getSimpleName());
        byte[] data = TestSeed.bytes(random, LARGE);
        try (TestChannel channel = new TestChannel(shard, backend, 1, LARGE)) {
            assertEquals(0, channel.write(512, data, 100, 512, LARGE - 512));
            if (keepsData()) {
                assertArrayEquals(data, channel.read(512, LARGE));
            }
        }
    }

    @Test
    void shouldCompleteEachOnceWhenMoreAreInFlightThanTheRingHolds() {
        Random random = TestSeed.random(getClass().getSimpleName());
        int slots = 200;
        byte[][] data = new byte[slots][];
        try (TestChannel channel = new TestChannel(shard, backend, slots, 8192)) {
            for (int i = 0; i < slots; i++) {
                data[i] = TestSeed.bytes(random, 8192);
                channel.layOut(i, i % 3 == 0 ? 5 : 0, 512, 7680);
                channel.fill(i, data[i]);
                channel.submit(i, BlockOperation.WRITE, i * 8192L, 8192, i % 2 == 0, false);
            }
            channel.awaitAll();
            for (int i = 0; i < slots; i++) {
                assertEquals(0, channel.result(i));
                channel.fill(i, new byte[8192]);
                channel.submit(i, BlockOperation.READ, i * 8192L, 8192, false, false);
            }
            channel.awaitAll();
            for (int i = 0; keepsData() && i < slots; i++) {
                assertArrayEquals(data[i], channel.data(i, 8192), "slot " + i);
            }
            assertFalse(channel.channel().congested());
        }
    }

    @Test
    void shouldReadZeroesWhenZeroesWereWritten() {
        Random random = TestSeed.random(getClass().getSimpleName());
        int block = backend.traits().logicalBlockSize();
        byte[] model = new byte[CAPACITY];
        try (TestChannel channel = new TestChannel(shard, backend, 1, CAPACITY)) {
            random.nextBytes(model);
            assertEquals(0, channel.write(0, model));
            for (int i = 0; i < 40; i++) {
                int blocks = CAPACITY / block;
                int from = random.nextInt(blocks) * block;
                int bytes = Math.min(CAPACITY - from, (1 + random.nextInt(600)) * block);
                Arrays.fill(model, from, from + bytes, (byte) 0);
                channel.submit(
                        0,
                        BlockOperation.WRITE_ZEROES,
                        from,
                        bytes,
                        random.nextBoolean(),
                        random.nextBoolean());
                assertEquals(0, channel.await(0));
            }
            if (keepsData()) {
                assertArrayEquals(model, channel.read(0, CAPACITY));
            }
        }
    }

    @Test
    void shouldKeepTheRestWhenARangeIsDiscarded() {
        Random random = TestSeed.random(getClass().getSimpleName());
        byte[] data = TestSeed.bytes(random, 1 << 20);
        try (TestChannel channel = new TestChannel(shard, backend, 1, 1 << 20)) {
            assertEquals(0, channel.write(0, data));
            assertTrue(backend.traits().discard(), "every medium of these tests discards");
            assertEquals(0, channel.run(BlockOperation.DISCARD, 256 << 10, 256 << 10));
            byte[] read = channel.read(0, 1 << 20);
            if (keepsData()) {
                assertArrayEquals(Arrays.copyOf(data, 256 << 10), Arrays.copyOf(read, 256 << 10));
                assertArrayEquals(
                        Arrays.copyOfRange(data, 512 << 10, 1 << 20),
                        Arrays.copyOfRange(read, 512 << 10, 1 << 20));
            }
        }
    }

    @Test
    void shouldFlushWhateverIsInFlight() {
        try (TestChannel channel = new TestChannel(shard, backend, 8, 4096)) {
            for (int i = 0; i < 8; i++) {
                channel.layOut(i, 0, 4096);
                boolean flush = i % 2 == 1;
                channel.submit(
                        i,
                        flush ? BlockOperation.FLUSH : BlockOperation.WRITE,
                        flush ? 0 : i * 4096L,
                        flush ? 0 : 4096,
                        false,
                        false);
            }
            channel.awaitAll();
            for (int i = 0; i < 8; i++) {
                assertEquals(0, channel.result(i));
            }
        }
    }

    @Test
    void shouldShareTheMediumWhenSeveralChannelsAreOpen() throws Exception {
        Random random = TestSeed.random(getClass().getSimpleName());
        byte[] data = TestSeed.bytes(random, 65536);
        try (TestShard other = new TestShard(8);
                TestChannel first = new TestChannel(shard, backend, 1, 65536);
                TestChannel second = new TestChannel(other, backend, 1, 65536)) {
            assertEquals(0, first.write(65536, data));
            assertEquals(0, second.run(BlockOperation.FLUSH, 0, 0));
            if (keepsData()) {
                assertArrayEquals(data, second.read(65536, 65536));
            }
        }
        assertEquals(0, shard.handlers());
    }

    @Test
    void shouldDoNothingWhenLengthIsZero() {
        try (TestChannel channel = new TestChannel(shard, backend, 1, 512)) {
            channel.layOut(0, 0);
            assertEquals(0, channel.run(BlockOperation.READ, CAPACITY, 0));
            assertEquals(0, channel.run(BlockOperation.WRITE, CAPACITY, 0));
            assertEquals(0, channel.run(BlockOperation.DISCARD, 0, 0));
        }
    }
}
