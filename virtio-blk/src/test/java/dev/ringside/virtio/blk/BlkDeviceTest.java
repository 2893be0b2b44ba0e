package dev.ringside.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.LifeTime;
import dev.ringside.virtio.blk.backend.BlockTraits;
import dev.ringside.virtio.blk.backend.FakeBackend;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.DeviceState;
import dev.ringside.virtqueue.device.DeviceStateException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Features and the configuration space. */
class BlkDeviceTest {
    private static final BlockTraits TRAITS =
            new BlockTraits(512, 4096, false, false, false, true, 4096, true, true, false);

    private final FakeBackend backend = new FakeBackend(TRAITS, 1L << 30);
    private MetricsRegistry metrics = new MetricsRegistry();

    private BlkDevice device(BlkConfig config) {
        metrics = new MetricsRegistry();
        return BlkDevice.create(config, backend, metrics);
    }

    private static ByteBuffer config(BlkDevice device) {
        byte[] space = new byte[device.configSize()];
        device.readConfig(0, space);
        return ByteBuffer.wrap(space).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static boolean offers(BlkDevice device, long bits) {
        return (device.offeredFeatures() & bits) == bits;
    }

    @Test
    void shouldGoOnInAnotherProcessWithTheWriteCacheModeThatTheDriverChose() throws Exception {
        BlkDevice source = device(BlkConfig.named("d"));
        source.setFeatures(VirtioSpec.VIRTIO_F_VERSION_1 | BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);
        assertTrue(source.writeConfig(BlkSpec.CONFIG_WCE, new byte[] {0}));
        BlkDevice target = device(BlkConfig.named("d"));

        target.loadState(source.saveState());

        assertEquals(0, config(target).get(BlkSpec.CONFIG_WCE));
        assertArrayEquals(source.saveState(), target.saveState());
    }

    private boolean cached(BlkDevice device) {
        device.setFeatures(
                VirtioSpec.VIRTIO_F_VERSION_1
                        | BlkSpec.VIRTIO_BLK_F_FLUSH
                        | BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);
        long[] shown = {-1};
        metrics.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(MetricName name, Map<String, String> labels, long value) {}

                    @Override
                    public void histogram(
                            MetricName name,
                            Map<String, String> labels,
                            LatencyHistogram.Snapshot value) {}

                    @Override
                    public void gauge(
                            String name, String help, Map<String, String> labels, long value) {
                        if (name.equals("ringside_blk_write_cache")) {
                            shown[0] = value;
                        }
                    }
                });
        return shown[0] == 1;
    }

    @Test
    void shouldWriteThroughWhenADriverGoesOnOfWhichNothingIsKnown() {
        BlkDevice device = device(BlkConfig.named("d"));
        assertEquals(0, device.choices());
        device.setFeatures(BlkSpec.VIRTIO_BLK_F_FLUSH | BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);

        String news = device.decide(false);

        assertTrue(news.contains("each write is made durable"), news);
        assertFalse(cached(device));
        assertEquals("", device.decide(false), "said once");
        assertEquals("", device.decide(true));
        assertFalse(cached(device), "decided");
        assertTrue(device.writeConfig(BlkSpec.CONFIG_WCE, new byte[] {1}));
        assertTrue(cached(device));
    }

    @Test
    void shouldHaveItsWriteCacheWhenADriverBegins() {
        BlkDevice device = device(BlkConfig.named("d"));
        assertEquals("", device.decide(true));
        assertTrue(cached(device));
        assertEquals("", device.decide(false), "the same driver after a reconnect");
        assertTrue(cached(device));
    }

    @Test
    void shouldSayNothingWhenTheDriverCannotHaveChosen() {
        BlkDevice device = device(BlkConfig.named("d"));
        device.setFeatures(BlkSpec.VIRTIO_BLK_F_FLUSH);
        assertEquals("", device.decide(false));
    }

    @Test
    void shouldRecallTheModeThatWasNoted() {
        for (int mode : new int[] {0, 1}) {
            BlkDevice before = device(BlkConfig.named("d"));
            assertTrue(before.writeConfig(BlkSpec.CONFIG_WCE, new byte[] {(byte) mode}));
            BlkDevice next = device(BlkConfig.named("d"));

            next.recall(before.choices());

            assertEquals(mode, config(next).get(BlkSpec.CONFIG_WCE));
            assertEquals("", next.decide(false));
            assertEquals(mode == 1, cached(next));
            for (int nonsense : new int[] {3, 255, -1, Integer.MAX_VALUE}) {
                next.recall(nonsense);
                assertEquals(before.choices(), next.choices());
            }
            next.recall(0);
            assertEquals(0, next.choices());
        }
    }

    @Test
    void shouldNotTakeTheFirstModeForAChoiceInAnotherProcess() throws Exception {
        BlkDevice idle = device(BlkConfig.named("d"));
        BlkDevice next = device(BlkConfig.named("d"));
        next.loadState(idle.saveState());
        assertEquals(0, next.choices());

        idle.decide(true);
        next.loadState(idle.saveState());
        assertEquals(idle.choices(), next.choices());
    }

    @Test
    void shouldChangeNothingWhenSavedStateCannotBeTaken() {
        BlkDevice device = device(BlkConfig.named("d"));
        device.decide(true);
        byte[] before = device.saveState();
        byte[] mode = before.clone();
        mode[mode.length - 1] = 2;
        byte[] alien = new DeviceState(BlkSpec.DEVICE_ID, 1L << 60).encode();
        byte[] empty = new DeviceState(BlkSpec.DEVICE_ID, 0).encode();
        for (byte[] bad : new byte[][] {mode, alien, empty, new byte[0]}) {
            assertThrows(DeviceStateException.class, () -> device.loadState(bad));
        }

        assertArrayEquals(before, device.saveState());
    }

    @Test
    void shouldOfferWhatItCanDo() {
        BlkDevice device = device(BlkConfig.named("d"));
        assertTrue(
                offers(
                        device,
                        VirtioSpec.VIRTIO_F_VERSION_1
                                | VirtioSpec.VIRTIO_F_ANY_LAYOUT
                                | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC
                                | VirtioSpec.VIRTIO_RING_F_EVENT_IDX
                                | VirtioSpec.VIRTIO_F_RING_PACKED
                                | BlkSpec.VIRTIO_BLK_F_SEG_MAX
                                | BlkSpec.VIRTIO_BLK_F_BLK_SIZE
                                | BlkSpec.VIRTIO_BLK_F_TOPOLOGY
                                | BlkSpec.VIRTIO_BLK_F_FLUSH
                                | BlkSpec.VIRTIO_BLK_F_CONFIG_WCE
                                | BlkSpec.VIRTIO_BLK_F_DISCARD
                                | BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES));
        for (long bit :
                new long[] {
                    BlkSpec.VIRTIO_BLK_F_SIZE_MAX,
                    BlkSpec.VIRTIO_BLK_F_RO,
                    BlkSpec.VIRTIO_BLK_F_MQ,
                    BlkSpec.VIRTIO_BLK_F_SECURE_ERASE,
                    BlkSpec.VIRTIO_BLK_F_LIFETIME,
                    VirtioSpec.VIRTIO_F_IN_ORDER,
                    VirtioSpec.VIRTIO_F_RING_RESET,
                    1L << 26,
                    1L << 30
                }) {
            assertFalse(offers(device, bit), Long.toHexString(bit));
        }
        assertTrue(offers(device(BlkConfig.named("d").withQueues(4)), BlkSpec.VIRTIO_BLK_F_MQ));
        assertTrue(
                offers(
                        device(BlkConfig.named("d").withSizeMax(65536)),
                        BlkSpec.VIRTIO_BLK_F_SIZE_MAX));
    }

    @Test
    void shouldOfferNothingThatWritesWhenReadOnly() {
        BlkDevice device = device(BlkConfig.named("d").withReadOnly(true));
        assertTrue(offers(device, BlkSpec.VIRTIO_BLK_F_RO));
        assertEquals(
                0,
                device.offeredFeatures()
                        & (BlkSpec.VIRTIO_BLK_F_DISCARD
                                | BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES
                                | BlkSpec.VIRTIO_BLK_F_FLUSH
                                | BlkSpec.VIRTIO_BLK_F_CONFIG_WCE));
    }

    @Test
    void shouldLayTheConfigurationSpaceOut() {
        ByteBuffer space = config(device(BlkConfig.named("d").withQueues(3).withSegMax(62)));
        assertEquals(72, space.capacity());
        assertEquals((1L << 30) / 512, space.getLong(0));
        assertEquals(0, space.getInt(8), "size_max");
        assertEquals(62, space.getInt(12), "seg_max");
        assertEquals(0, space.getInt(16), "geometry");
        assertEquals(512, space.getInt(20), "blk_size");
        assertEquals(3, space.get(24), "physical_block_exp");
        assertEquals(0, space.get(25), "alignment_offset");
        assertEquals(8, space.getShort(26), "min_io_size");
        assertEquals(0, space.getInt(28), "opt_io_size");
        assertEquals(1, space.get(32), "writeback");
        assertEquals(0, space.get(33), "unused");
        assertEquals(3, space.getShort(34), "num_queues");
        assertEquals(0xffff_fff8, space.getInt(36), "max_discard_sectors");
        assertEquals(BlkConfigSpace.MAX_RANGES, space.getInt(40), "max_discard_seg");
        assertEquals(8, space.getInt(44), "discard_sector_alignment");
        assertEquals(-1, space.getInt(48), "max_write_zeroes_sectors");
        assertEquals(BlkConfigSpace.MAX_RANGES, space.getInt(52), "max_write_zeroes_seg");
        assertEquals(1, space.get(56), "write_zeroes_may_unmap");
        assertEquals(0, space.getInt(57) & 0xffffff, "unused1");
        for (int at = 60; at < 72; at++) {
            assertEquals(0, space.get(at), "secure erase is not offered");
        }
    }

    @Test
    void shouldReadZeroesBeyondTheConfigurationSpace() {
        BlkDevice device = device(BlkConfig.named("d"));
        byte[] all = config(device).array();
        byte[] tail = new byte[40];
        Arrays.fill(tail, (byte) 9);
        device.readConfig(48, tail);
        assertArrayEquals(Arrays.copyOf(Arrays.copyOfRange(all, 48, 72), 40), tail);
        for (int offset : new int[] {72, 1000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            Arrays.fill(tail, (byte) 9);
            device.readConfig(offset, tail);
            assertArrayEquals(new byte[40], tail);
        }
    }

    @Test
    void shouldTakeOnlyTheWriteCacheByte() {
        BlkDevice device = device(BlkConfig.named("d"));
        assertFalse(device.writeConfig(31, new byte[1]));
        assertFalse(device.writeConfig(33, new byte[1]));
        assertFalse(device.writeConfig(32, new byte[2]));
        assertFalse(device.writeConfig(32, new byte[0]));
        assertFalse(device.writeConfig(32, new byte[] {2}));
        assertEquals(1, config(device).get(32));
        assertTrue(device.writeConfig(32, new byte[] {0}));
        assertEquals(0, config(device).get(32));
        device.reset();
        assertEquals(0, config(device).get(32), "front-ends remember it over a reconnect");
        assertFalse(
                device(BlkConfig.named("d").withWriteCache(false)).writeConfig(32, new byte[] {1}));
    }

    @Test
    void shouldTellTheListenerWhenTheCapacityChanges() throws Exception {
        AtomicInteger told = new AtomicInteger();
        BlkDevice device = device(BlkConfig.named("d"));
        device.onConfigChange(told::incrementAndGet);
        assertFalse(device.refresh());
        backend.setCapacity(2L << 30);
        assertTrue(device.refresh());
        assertEquals(1, told.get());
        assertEquals((2L << 30) / 512, config(device).getLong(0));
    }

    @Test
    void shouldOfferNoWriteCacheWhenTheMediumHasNone() {
        BlockTraits through =
                new BlockTraits(512, 512, false, true, false, true, 512, true, true, true);
        BlkDevice device =
                BlkDevice.create(
                        BlkConfig.named("d"),
                        new FakeBackend(through, 1 << 20),
                        new MetricsRegistry());
        assertFalse(offers(device, BlkSpec.VIRTIO_BLK_F_FLUSH));
        assertFalse(offers(device, BlkSpec.VIRTIO_BLK_F_CONFIG_WCE));
        assertEquals(0, config(device).get(32));
        assertTrue(offers(device, BlkSpec.VIRTIO_BLK_F_SECURE_ERASE));
        assertEquals(-1, config(device).getInt(60));
    }

    @Test
    void shouldOfferTheLifetimeWhenTheMediumTellsIt() {
        backend.setLifetime(new LifeTime(1, 2, 0x0103));
        assertTrue(offers(device(BlkConfig.named("d")), BlkSpec.VIRTIO_BLK_F_LIFETIME));
    }

    @Test
    void shouldRefuseImpossibleConfigurations() {
        BlkConfig config = BlkConfig.named("d");
        assertThrows(IllegalArgumentException.class, () -> BlkConfig.named(" "));
        assertThrows(IllegalArgumentException.class, () -> config.withQueues(0));
        assertThrows(IllegalArgumentException.class, () -> config.withQueues(257));
        assertThrows(IllegalArgumentException.class, () -> config.withMaxQueueSize(100));
        assertThrows(IllegalArgumentException.class, () -> config.withMaxQueueSize(65536));
        assertThrows(IllegalArgumentException.class, () -> config.withSerial("x".repeat(21)));
        assertThrows(IllegalArgumentException.class, () -> config.withSerial("é"));
        assertThrows(IllegalArgumentException.class, () -> config.withSegMax(0));
        assertThrows(IllegalArgumentException.class, () -> config.withSizeMax(511));
        assertEquals(20, config.withSerial("x".repeat(20)).serial().length());
    }
}
