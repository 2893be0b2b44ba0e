package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransmitWorkerTest {
    private static final byte[] PLAIN = new byte[12];

    /** Gives bytes as one chain whose buffers end at these places, and at the end. */
    private static int give(TestDriver driver, boolean indirect, byte[] bytes, int... ends) {
        List<TestDriver.Buffer> buffers = new ArrayList<>();
        int at = 0;
        for (int end : ends) {
            buffers.add(driver.readable(Frames.slice(bytes, at, end - at)));
            at = end;
        }
        buffers.add(driver.readable(Frames.slice(bytes, at, bytes.length - at)));
        return indirect ? driver.addIndirect(buffers) : driver.add(buffers);
    }

    private static int give(TestDriver driver, byte[] bytes) {
        return give(driver, false, bytes);
    }

    /** From its first chain on a queue knows the region: then it takes many together. */
    private static QueueWorker startInKnownRegion(TestNic nic) throws Exception {
        QueueWorker worker = nic.start(1);
        give(nic.driver(1), Frames.join(PLAIN, Frames.payload(60, 0)));
        worker.poll(8);
        return worker;
    }

    private static void publish(QueueWorker worker, TestDriver driver) {
        worker.queue().publish();
        worker.afterPublish();
        driver.reap();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTakeAFrameInAnyLayout(boolean indirect) throws Exception {
        byte[] frame = Frames.payload(70, 3);
        byte[] header = Frames.header(1, 0, 0, 0, 34, 6);
        long features = NetSpec.VIRTIO_NET_F_CSUM | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC;
        try (TestNic nic = new TestNic(features)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            for (int first = 1; first < 80; first++) {
                driver.reset();
                int head = give(driver, indirect, Frames.join(header, frame), first, first + 1);
                assertEquals(1, worker.poll(8));
                publish(worker, driver);
                assertEquals(0, driver.take(head));
                FakePort.Seen seen = nic.port.transmitted.removeLast();
                assertArrayEquals(frame, seen.bytes(), "cut after " + first);
                assertEquals(34, seen.checksumStart());
                assertEquals(6, seen.checksumOffset());
            }
        }
    }

    @Test
    void shouldTakeAFrameOfSingleBytes() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            int[] ends = new int[29];
            for (int i = 0; i < ends.length; i++) {
                ends[i] = i + 1;
            }
            byte[] frame = Frames.payload(18, 4);
            give(nic.driver(1), false, Frames.join(PLAIN, frame), ends);
            worker.poll(8);
            assertArrayEquals(frame, nic.port.transmitted.getFirst().bytes());
        }
    }

    /** Many that wait are taken at once: what one of them asks for is done on that one only. */
    @Test
    void shouldTakePlainFramesTogetherAndOthersByThemselves() throws Exception {
        long features = NetSpec.VIRTIO_NET_F_CSUM;
        try (TestNic nic = new TestNic(features)) {
            QueueWorker worker = startInKnownRegion(nic);
            TestDriver driver = nic.driver(1);
            int[] heads = new int[9];
            for (int i = 0; i < heads.length; i++) {
                byte[] header = i == 3 ? Frames.header(1, 0, 0, 0, 34, 6) : PLAIN;
                byte[] frame = Frames.payload(i == 5 ? 13 : i == 6 ? 5000 : 60 + i, i);
                heads[i] = give(driver, Frames.join(header, frame));
            }
            nic.port.plainRoom = 100;
            nic.port.transmitted.clear();

            assertEquals(9, worker.poll(64));

            publish(worker, driver);
            for (int head : heads) {
                assertEquals(0, driver.take(head));
            }
            assertEquals(6, nic.port.plain);
            assertEquals(8, nic.port.transmitted.size());
            assertEquals(34, nic.port.transmitted.get(3).checksumStart());
            for (int i = 0; i < 8; i++) {
                int sent = i < 5 ? i : i + 1;
                FakePort.Seen seen = nic.port.transmitted.get(i);
                assertArrayEquals(Frames.payload(sent == 6 ? 5000 : 60 + sent, sent), seen.bytes());
                assertEquals(i == 3 ? Offload.CSUM : Offload.NONE, seen.needs());
            }
            assertEquals(9, nic.count("ringside_net_packets_total", "direction=transmit"));
            assertEquals(
                    60 + 5 * 60 + 10 + 67 + 68 + 5000,
                    nic.count("ringside_net_bytes_total", "queue=1"));
            assertEquals(1, nic.count("ringside_net_drops_total", "reason=too_short"));
        }
    }

    @Test
    void shouldGiveTheRestOfABurstBackWhenAFrameHasToWait() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = startInKnownRegion(nic);
            TestDriver driver = nic.driver(1);
            int[] heads = new int[8];
            for (int i = 0; i < heads.length; i++) {
                heads[i] = give(driver, Frames.join(PLAIN, Frames.payload(60, i)));
            }
            nic.port.transmitted.clear();
            nic.port.plainRoom = 2;
            nic.port.answer = Verdict.LATER;
            assertEquals(3, worker.poll(64));
            assertFalse(worker.drained());
            assertEquals(1, worker.queue().inFlight());
            worker.poll(0);
            assertTrue(worker.drained());
            publish(worker, driver);
            assertEquals(2, nic.port.transmitted.size());
            nic.port.plainRoom = 1;
            nic.port.answer = Verdict.HELD;

            assertEquals(6, worker.poll(64));

            publish(worker, driver);
            assertEquals(5, worker.queue().inFlight());
            for (int i = 0; i < heads.length; i++) {
                assertArrayEquals(Frames.payload(60, i), nic.port.transmitted.get(i).bytes());
                assertEquals(i < 3, driver.isDone(heads[i]));
            }
            nic.port.held.forEach(Frame::release);
            worker.poll(0);
            publish(worker, driver);
            for (int head : heads) {
                assertEquals(0, driver.take(head));
            }
        }
    }

    @Test
    void shouldTakePlainFramesTogetherFromALegacyDriver() throws Exception {
        try (TestNic nic = new TestNic(NetConfig.named("nic"), 0)) {
            QueueWorker worker = nic.start(1);
            nic.port.plainRoom = 100;
            for (int i = 0; i < 9; i++) {
                give(nic.driver(1), Frames.join(new byte[10], Frames.payload(60 + i, i)));
            }
            assertEquals(9, worker.poll(64));
            for (int i = 0; i < 9; i++) {
                assertArrayEquals(Frames.payload(60 + i, i), nic.port.transmitted.get(i).bytes());
            }
            assertEquals(8, nic.port.plain);
        }
    }

    @Test
    void shouldExpectTenBytesOfHeaderFromALegacyDriver() throws Exception {
        byte[] frame = Frames.payload(60, 5);
        try (TestNic nic = new TestNic(NetConfig.named("nic"), 0)) {
            QueueWorker worker = nic.start(1);
            give(nic.driver(1), Frames.join(new byte[10], frame));
            worker.poll(8);
            assertArrayEquals(frame, nic.port.transmitted.getFirst().bytes());
        }
    }

    @Test
    void shouldExpectTwelveBytesOfHeaderFromALegacyDriverThatMergesBuffers() throws Exception {
        byte[] frame = Frames.payload(60, 5);
        try (TestNic nic = new TestNic(NetConfig.named("nic"), NetSpec.VIRTIO_NET_F_MRG_RXBUF)) {
            QueueWorker worker = nic.start(1);
            give(nic.driver(1), Frames.join(PLAIN, frame));
            worker.poll(8);
            assertArrayEquals(frame, nic.port.transmitted.getFirst().bytes());
        }
    }

    @Test
    void shouldTakeTheShortestAndTheLongestFrame() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            give(nic.driver(1), Frames.join(PLAIN, Frames.payload(Frame.MIN_BYTES, 1)));
            give(nic.driver(1), Frames.join(PLAIN, Frames.payload(Frame.MAX_BYTES, 1)));
            assertEquals(2, worker.poll(8));
            assertEquals(Frame.MIN_BYTES, nic.port.transmitted.get(0).bytes().length);
            assertEquals(Frame.MAX_BYTES, nic.port.transmitted.get(1).bytes().length);
            publish(worker, nic.driver(1));
            assertEquals(2, nic.count("ringside_net_packets_total", "direction=transmit"));
            assertEquals(
                    Frame.MIN_BYTES + Frame.MAX_BYTES,
                    nic.count("ringside_net_bytes_total", "queue=1"));
            assertEquals(
                    1,
                    nic.count("ringside_net_packets_by_size_total", "up_to_bytes=64", "queue=1"));
            assertEquals(
                    1,
                    nic.count("ringside_net_packets_by_size_total", "up_to_bytes=+Inf", "queue=1"));
        }
    }

    @Test
    void shouldDropWhatIsNoFrame() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            int[] heads = {
                give(driver, Frames.join(PLAIN, new byte[Frame.MIN_BYTES - 1])),
                give(driver, new byte[12]),
                give(driver, new byte[3]),
                driver.add(List.of(driver.writable(100))),
                give(driver, Frames.join(PLAIN, new byte[Frame.MAX_BYTES + 1]))
            };
            assertEquals(heads.length, worker.poll(8));
            publish(worker, driver);
            for (int head : heads) {
                assertEquals(0, driver.take(head));
            }
            assertEquals(4, nic.drops("too_short"));
            assertEquals(1, nic.drops("too_long"));
            assertTrue(nic.port.transmitted.isEmpty());
        }
    }

    @Test
    void shouldDiscardOnADisabledRing() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            worker.setEnabled(false);
            assertTrue(worker.worksWhenDisabled());
            give(nic.driver(1), Frames.join(PLAIN, new byte[60]));
            assertEquals(1, worker.poll(8));
            assertEquals(1, nic.drops("disabled"));
            assertEquals(0, worker.queue().inFlight());
            worker.setEnabled(true);
            give(nic.driver(1), Frames.join(PLAIN, new byte[60]));
            worker.poll(8);
            assertEquals(1, nic.port.transmitted.size());
        }
    }

    @Test
    void shouldDiscardWhileTheOperatorHasTheLinkDown() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            nic.device.setLink(false);
            give(nic.driver(1), Frames.join(PLAIN, new byte[60]));
            assertEquals(1, worker.poll(8));
            assertEquals(1, nic.drops("link_down"));
            nic.device.setLink(true);
            give(nic.driver(1), Frames.join(PLAIN, new byte[60]));
            worker.poll(8);
            assertEquals(1, nic.port.transmitted.size());
        }
    }

    @Test
    void shouldParkOneChainWhileThePortHasNoRoom() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            nic.port.answer = Verdict.LATER;
            byte[] first = Frames.payload(60, 1);
            int head = give(driver, Frames.join(PLAIN, first));
            give(driver, Frames.join(PLAIN, Frames.payload(61, 2)));
            assertEquals(1, worker.poll(8));
            assertEquals(0, worker.poll(8));
            assertEquals(1, worker.queue().inFlight());
            assertFalse(worker.wantsKicks());
            assertFalse(worker.drained());
            assertTrue(nic.count("ringside_net_waits_total", "queue=1") > 0);

            nic.port.answer = Verdict.DONE;
            assertEquals(1, worker.poll(8));
            publish(worker, driver);
            assertEquals(0, driver.take(head));
            assertArrayEquals(first, nic.port.transmitted.getFirst().bytes());
            assertEquals(2, nic.port.transmitted.size());
            assertTrue(worker.wantsKicks());
            assertTrue(worker.drained());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveAParkedChainBack(boolean byDrain) throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            nic.port.answer = Verdict.LATER;
            give(nic.driver(1), Frames.join(PLAIN, Frames.payload(60, 1)));
            worker.poll(8);
            if (byDrain) {
                worker.beginDrain();
            } else {
                assertEquals(0, worker.poll(0));
            }
            assertTrue(worker.drained());
            assertEquals(0, worker.queue().inFlight());
            assertEquals(0, worker.queue().base());
            if (!byDrain) {
                nic.port.answer = Verdict.DONE;
                assertEquals(1, worker.poll(8));
                assertEquals(1, nic.port.transmitted.size());
            }
        }
    }

    @Test
    void shouldCompleteAHeldChainWhenItIsReleased() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            nic.port.answer = Verdict.HELD;
            byte[] bytes = Frames.payload(64, 9);
            int first = give(driver, Frames.join(PLAIN, bytes));
            int second = give(driver, Frames.join(PLAIN, Frames.payload(65, 8)));
            assertEquals(2, worker.poll(8));
            publish(worker, driver);
            assertNull(driver.take(first));
            assertFalse(worker.drained());
            assertThrows(IllegalStateException.class, worker::stop);
            assertArrayEquals(bytes, FakePort.bytes(nic.port.held.get(0)));

            Frame held = nic.port.held.get(1);
            held.retain();
            held.release();
            assertFalse(worker.hasWork());
            int rings = nic.shard.doorbellRings();
            Thread other = new Thread(held::release);
            other.start();
            other.join();
            assertEquals(rings + 1, nic.shard.doorbellRings());
            assertTrue(worker.hasWork());
            worker.poll(0);
            publish(worker, driver);
            assertEquals(0, driver.take(second));
            assertFalse(worker.drained());

            nic.port.held.get(0).release();
            worker.poll(0);
            publish(worker, driver);
            assertEquals(0, driver.take(first));
            assertTrue(worker.drained());
        }
    }

    @Test
    void shouldKeepHeldFramesThroughADrainAndStopAfterwards() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            nic.port.answer = Verdict.HELD;
            give(nic.driver(1), Frames.join(PLAIN, new byte[64]));
            worker.poll(8);
            worker.beginDrain();
            give(nic.driver(1), Frames.join(PLAIN, new byte[64]));
            assertEquals(0, worker.poll(8));
            assertFalse(worker.drained());
            nic.port.held.getFirst().release();
            worker.poll(0);
            assertTrue(worker.drained());
            assertEquals(1, worker.stop().base());
            assertEquals(1, nic.port.sinksClosed);
        }
    }

    @Test
    void shouldHoldNoMoreThanItsPool() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            nic.port.answer = Verdict.HELD;
            for (int i = 0; i < TestNic.RING; i++) {
                give(driver, Frames.join(PLAIN, new byte[64]));
            }
            assertEquals(TestNic.RING, worker.poll(TestNic.RING));
            assertEquals(TestNic.RING, nic.port.held.size());
            nic.port.held.forEach(Frame::release);
            worker.poll(0);
            assertTrue(worker.drained());
        }
    }

    @Test
    void shouldNotHoldAFrameOfVeryManyPieces() throws Exception {
        long features = VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC;
        try (TestNic nic = new TestNic(features)) {
            QueueWorker worker = nic.start(1);
            nic.port.answer = Verdict.HELD;
            int[] ends = new int[80];
            for (int i = 0; i < ends.length; i++) {
                ends[i] = 12 + i;
            }
            give(nic.driver(1), true, Frames.join(PLAIN, new byte[100]), ends);
            worker.poll(8);
            assertTrue(nic.port.held.isEmpty());
            assertEquals(1, nic.drops("port"));
            assertTrue(worker.drained());
        }
    }

    @Test
    void shouldCompleteOnceWhatWasHeldTwice() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            nic.port.answer = Verdict.HELD;
            nic.port.holds = 2;
            int head = give(driver, Frames.join(PLAIN, new byte[64]));
            worker.poll(8);
            nic.port.held.get(0).release();
            worker.poll(0);
            publish(worker, driver);
            assertNull(driver.take(head));
            nic.port.held.get(1).release();
            worker.poll(0);
            publish(worker, driver);
            assertEquals(0, driver.take(head));
        }
    }

    @Test
    void shouldFlushInEachPoll() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            worker.poll(8);
            give(nic.driver(1), Frames.join(PLAIN, new byte[64]));
            give(nic.driver(1), Frames.join(PLAIN, new byte[64]));
            worker.poll(8);
            worker.poll(0);
            assertEquals(3, nic.port.flushes);
        }
    }

    @Test
    void shouldLetOthersHaveTheirTurnAfterAMebibyte() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            TestDriver.Buffer header = driver.readable(PLAIN);
            TestDriver.Buffer data = driver.readable(new byte[65000]);
            for (int i = 0; i < 30; i++) {
                driver.add(List.of(header, data));
            }
            assertEquals(17, worker.poll(64));
            assertEquals(13, worker.poll(64));
        }
    }
}
