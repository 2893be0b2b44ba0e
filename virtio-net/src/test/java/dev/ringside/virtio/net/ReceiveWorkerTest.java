package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.device.QueueWorker;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ReceiveWorkerTest {
    private static final long MERGEABLE = NetSpec.VIRTIO_NET_F_MRG_RXBUF;
    private static final long GUEST =
            NetSpec.VIRTIO_NET_F_GUEST_CSUM
                    | NetSpec.VIRTIO_NET_F_GUEST_TSO4
                    | NetSpec.VIRTIO_NET_F_GUEST_TSO6
                    | NetSpec.VIRTIO_NET_F_GUEST_ECN
                    | NetSpec.VIRTIO_NET_F_GUEST_UFO
                    | NetSpec.VIRTIO_NET_F_GUEST_USO4
                    | NetSpec.VIRTIO_NET_F_GUEST_USO6;

    private static Verdict put(TestNic nic, Frame frame) {
        return Objects.requireNonNull(nic.port.into).put(frame);
    }

    private static Verdict put(TestNic nic, byte[] bytes) {
        return put(nic, FakePort.frame(bytes));
    }

    private static void publish(QueueWorker worker, TestDriver driver) {
        worker.queue().publish();
        worker.afterPublish();
        driver.reap();
    }

    /** A frame of another queue's turn does not wait for the end of that. */
    @Test
    void shouldPublishWhenABurstIsOver() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            worker.publishBy(() -> publish(worker, driver));
            int head = driver.add(List.of(driver.writable(300)));
            worker.poll(8);
            assertEquals(Verdict.DONE, put(nic, Frames.payload(60, 1)));

            Objects.requireNonNull(nic.port.into).flush();

            assertEquals(72, driver.take(head));
        }
    }

    @Test
    void shouldFillTwelveByteHeadersWithoutMergeableBuffers() throws Exception {
        byte[] bytes = Frames.payload(60, 1);
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            TestDriver.Buffer buffer = driver.writable(200);
            int head = driver.add(List.of(buffer));
            assertEquals(Verdict.DONE, put(nic, bytes));
            assertEquals(1, worker.poll(8));
            publish(worker, driver);
            assertEquals(72, driver.take(head));
            byte[] header = new byte[12];
            header[10] = 1;
            assertArrayEquals(Frames.join(header, bytes), driver.get(buffer.address(), 72));
            assertEquals(TestDriver.OLD, driver.get(buffer.address() + 72, 1)[0]);
        }
    }

    /** As iPXE posts them: the header alone, then the frame. */
    @Test
    void shouldPutLegacyHeadersApart() throws Exception {
        byte[] bytes = Frames.payload(60, 1);
        try (TestNic nic = new TestNic(NetConfig.named("nic"), 0)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            TestDriver.Buffer header = driver.writable(10);
            TestDriver.Buffer data = driver.writable(1522);
            int head = driver.add(List.of(header, data));
            assertEquals(Verdict.DONE, put(nic, bytes));
            publish(worker, driver);
            assertEquals(70, driver.take(head));
            assertArrayEquals(new byte[10], driver.get(header.address(), 10));
            assertArrayEquals(bytes, driver.get(data.address(), 60));
            assertEquals(TestDriver.OLD, driver.get(data.address() + 60, 1)[0]);
        }
    }

    @Test
    void shouldSpreadAFrameOverBuffersThatAreCutAnywhere() throws Exception {
        byte[] bytes = Frames.payload(40, 7);
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            for (int first = 1; first < 52; first++) {
                driver.reset();
                TestDriver.Buffer one = driver.writable(first);
                TestDriver.Buffer two = driver.writable(60);
                int head = driver.add(List.of(one, two));
                assertEquals(Verdict.DONE, put(nic, bytes));
                publish(worker, driver);
                assertEquals(52, driver.take(head));
                byte[] got =
                        Frames.join(
                                driver.get(one.address(), first),
                                driver.get(two.address(), 52 - first));
                assertEquals(1, Frames.shortAt(got, 10));
                assertArrayEquals(bytes, Frames.slice(got, 12, 40));
                assertEquals(TestDriver.OLD, driver.get(two.address() + 52 - first, 1)[0]);
            }
        }
    }

    @Test
    void shouldMergeExactlyAsManyBuffersAsNeeded() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            for (int length = 88; length <= 288; length += 100) {
                for (int more = 0; more <= 1; more++) {
                    driver.reset();
                    int[] heads = new int[4];
                    TestDriver.Buffer[] buffers = new TestDriver.Buffer[4];
                    for (int i = 0; i < 4; i++) {
                        buffers[i] = driver.writable(100);
                        heads[i] = driver.add(List.of(buffers[i]));
                    }
                    byte[] bytes = Frames.payload(length + more, length);
                    assertEquals(Verdict.DONE, put(nic, bytes));
                    publish(worker, driver);
                    int total = 12 + length + more;
                    int expected = (total + 99) / 100;
                    byte[] got = new byte[0];
                    for (int i = 0; i < expected; i++) {
                        int used = Math.min(100, total - 100 * i);
                        assertEquals(used, driver.take(heads[i]));
                        got = Frames.join(got, driver.get(buffers[i].address(), used));
                    }
                    assertFalse(expected < 4 && driver.isDone(heads[expected]));
                    assertEquals(expected, Frames.shortAt(got, 10));
                    assertArrayEquals(bytes, Frames.slice(got, 12, bytes.length));
                    drainOthers(nic, worker, driver);
                }
            }
        }
    }

    /** Uses up what buffers are left. */
    private static void drainOthers(TestNic nic, QueueWorker worker, TestDriver driver) {
        while (worker.queue().pending() != 0) {
            put(nic, new byte[60]);
        }
        publish(worker, driver);
    }

    @Test
    void shouldWaitForBuffersAndKeepThoseItHas() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            assertFalse(worker.wantsKicks());
            nic.port.incoming.add(FakePort.frame(Frames.payload(500, 2)));
            assertEquals(0, worker.poll(8));
            assertTrue(worker.wantsKicks());

            driver.add(List.of(driver.writable(300)));
            assertEquals(0, worker.poll(8));
            assertEquals(nic.shard.nowNs(), nic.shard.wakeByNs());
            assertEquals(Verdict.LATER, nic.port.answers.getLast());
            assertEquals(1, worker.queue().inFlight());
            assertEquals(0, worker.queue().pending());
            assertTrue(worker.wantsKicks());
            assertFalse(worker.drained());

            driver.add(List.of(driver.writable(300)));
            assertEquals(2, worker.poll(8));
            assertFalse(worker.wantsKicks());
            publish(worker, driver);
            assertEquals(1, nic.count("ringside_net_packets_total", "queue=0"));
            assertTrue(nic.count("ringside_net_waits_total", "queue=0") > 0);
        }
    }

    @Test
    void shouldServeASmallFrameWithBuffersThatALargeOneWaitedFor() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            int[] heads = new int[3];
            for (int i = 0; i < 3; i++) {
                heads[i] = driver.add(List.of(driver.writable(50), driver.writable(50)));
            }
            assertEquals(Verdict.LATER, put(nic, new byte[500]));
            assertTrue(Objects.requireNonNull(nic.port.into).hasRoom());
            assertEquals(Verdict.DONE, put(nic, new byte[120]));
            publish(worker, driver);
            assertEquals(100, driver.take(heads[0]));
            assertEquals(32, driver.take(heads[1]));
            assertEquals(Verdict.DONE, put(nic, new byte[60]));
            publish(worker, driver);
            assertEquals(72, driver.take(heads[2]));
            assertTrue(worker.drained());
        }
    }

    @Test
    void shouldGiveKeptBuffersBack() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            for (int i = 0; i < 3; i++) {
                driver.add(List.of(driver.writable(100)));
            }
            assertEquals(Verdict.LATER, put(nic, new byte[500]));
            assertEquals(3, worker.queue().base());
            assertThrows(IllegalStateException.class, worker::stop);
            worker.poll(0);
            assertTrue(worker.drained());
            assertEquals(0, worker.queue().base());
            assertEquals(0, worker.queue().inFlight());

            assertEquals(Verdict.LATER, put(nic, new byte[500]));
            worker.beginDrain();
            assertEquals(0, worker.queue().base());
            assertEquals(0, worker.stop().base());
            assertEquals(1, nic.port.closed);
        }
    }

    @Test
    void shouldDropWhatDoesNotFitWhereBuffersAreNotMergeable() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            int head = driver.add(List.of(driver.writable(100)));
            driver.add(List.of(driver.writable(100)));
            assertEquals(Verdict.DROPPED, put(nic, new byte[89]));
            assertEquals(1, nic.drops("buffer_too_small"));
            assertEquals(Verdict.DONE, put(nic, new byte[88]));
            publish(worker, driver);
            assertEquals(100, driver.take(head));
        }
    }

    @Test
    void shouldGiveBuffersWithoutRoomForAHeaderBackEmpty() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            int small = driver.add(List.of(driver.writable(11)));
            int readable = driver.add(List.of(driver.readable(new byte[100])));
            int good = driver.add(List.of(driver.writable(12)));
            int second = driver.add(List.of(driver.writable(1)));
            int third = driver.add(List.of(driver.writable(100)));
            assertEquals(Verdict.DONE, put(nic, new byte[60]));
            assertEquals(5, worker.poll(8));
            publish(worker, driver);
            assertEquals(0, driver.take(small));
            assertEquals(0, driver.take(readable));
            assertEquals(12, driver.take(good));
            assertEquals(1, driver.take(second));
            assertEquals(59, driver.take(third));
            assertEquals(2, nic.count("ringside_net_bad_buffers_total"));
        }
    }

    /** They were given back in another queue's turn, and this one's never came. */
    @Test
    void shouldCountBuffersThatWereGivenBackBeforeItStopped() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            driver.add(List.of(driver.writable(11)));
            driver.add(List.of(driver.writable(100)));
            assertEquals(Verdict.DONE, put(nic, new byte[60]));
            worker.stop();
            assertEquals(1, nic.count("ringside_net_bad_buffers_total"));
            assertEquals(1, nic.count("ringside_net_packets_total", "queue=0"));
        }
    }

    @Test
    void shouldGiveUpOnAFrameThatTheWholeRingCannotHold() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            for (int i = 0; i < TestNic.RING; i++) {
                driver.add(List.of(driver.writable(20)));
            }
            assertEquals(Verdict.DROPPED, put(nic, new byte[20 * TestNic.RING]));
            assertEquals(1, nic.drops("buffers_too_many"));
            assertEquals(Verdict.DONE, put(nic, new byte[20 * TestNic.RING - 12]));
            publish(worker, driver);
            assertEquals(TestNic.RING, driver.room());
        }
    }

    @Test
    void shouldTakeNothingWhileDisabledDrainingOrBroken() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            nic.driver(0).add(List.of(nic.driver(0).writable(100)));
            worker.setEnabled(false);
            assertEquals(false, nic.port.sourceEnabled);
            assertEquals(Verdict.DROPPED, put(nic, new byte[60]));
            worker.setEnabled(true);
            assertEquals(true, nic.port.sourceEnabled);
            worker.beginDrain();
            assertEquals(Verdict.DROPPED, put(nic, new byte[60]));
            worker.remap(nic.driver(0).memory());
            assertEquals(Verdict.DONE, put(nic, new byte[60]));
            worker.queue().fail(RingFault.MEMORY_GONE);
            assertTrue(Objects.requireNonNull(nic.port.into).hasRoom());
            assertEquals(Verdict.DROPPED, put(nic, new byte[60]));
            worker.stop();
            assertEquals(Verdict.DROPPED, put(nic, new byte[60]));
            assertEquals(4, nic.drops("disabled"));
        }
    }

    @Test
    void shouldDropWhileTheOperatorHasTheLinkDown() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            nic.driver(0).add(List.of(nic.driver(0).writable(100)));
            nic.device.setLink(false);
            worker.poll(8);
            assertEquals(Verdict.DROPPED, put(nic, new byte[60]));
            assertEquals(1, nic.drops("link_down"));
            nic.device.setLink(true);
            worker.poll(8);
            assertEquals(Verdict.DONE, put(nic, new byte[60]));
        }
    }

    /** Section 5.1.4.1: nothing longer than the MTU, unless it is to be segmented. */
    @Test
    void shouldDropWhatIsLongerThanTheMtu() throws Exception {
        NetConfig config = NetConfig.named("nic").withMtu(1000);
        long features = MERGEABLE | GUEST | NetSpec.VIRTIO_NET_F_MTU;
        try (TestNic nic = new TestNic(config, features)) {
            nic.start(0);
            for (int i = 0; i < 4; i++) {
                nic.driver(0).add(List.of(nic.driver(0).writable(2000)));
            }
            assertEquals(Verdict.DONE, put(nic, new byte[1022]));
            assertEquals(Verdict.DROPPED, put(nic, new byte[1023]));
            assertEquals(1, nic.drops("too_long"));
            Frame large = FakePort.frame(new byte[1500]);
            large.needChecksum(34, 16);
            large.needSegmentation(Frame.GSO_TCPV4, 900, false);
            assertEquals(Verdict.DONE, put(nic, large));
        }
    }

    @Test
    void shouldAcceptWhatWasNegotiated() throws Exception {
        try (TestNic nic = new TestNic(GUEST)) {
            nic.start(0);
            assertEquals(Offload.ALL, Objects.requireNonNull(nic.port.into).accepts());
        }
        long[] bits = {
            NetSpec.VIRTIO_NET_F_GUEST_TSO4, NetSpec.VIRTIO_NET_F_GUEST_TSO6,
            NetSpec.VIRTIO_NET_F_GUEST_ECN, NetSpec.VIRTIO_NET_F_GUEST_UFO,
            NetSpec.VIRTIO_NET_F_GUEST_USO4, NetSpec.VIRTIO_NET_F_GUEST_USO6
        };
        int[] offloads = {
            Offload.TSO4, Offload.TSO6, Offload.ECN, Offload.UFO, Offload.USO4, Offload.USO6
        };
        for (int i = 0; i < bits.length; i++) {
            assertEquals(Offload.NONE, NetFeature.receiveOffloads(bits[i]));
            assertEquals(
                    Offload.CSUM | offloads[i],
                    NetFeature.receiveOffloads(bits[i] | NetSpec.VIRTIO_NET_F_GUEST_CSUM));
        }
    }

    private static byte[] headerOf(long features, Frame frame) throws Exception {
        try (TestNic nic = new TestNic(features)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            TestDriver.Buffer buffer = driver.writable(2000);
            driver.add(List.of(buffer));
            assertEquals(Verdict.DONE, put(nic, frame));
            publish(worker, driver);
            return driver.get(buffer.address(), 12);
        }
    }

    @Test
    void shouldTellTheDriverWhatIsLeftUndone() throws Exception {
        byte[] bytes = new byte[300];
        bytes[34 + 12] = (byte) 0x80; // 32 bytes of TCP header
        Frame frame = FakePort.frame(bytes);
        frame.needChecksum(34, 16);
        byte[] expected = Frames.header(1, 0, 0, 0, 34, 16);
        expected[10] = 1;
        assertArrayEquals(expected, headerOf(GUEST, frame));

        frame.needSegmentation(Frame.GSO_TCPV4, 100, true);
        expected = Frames.header(1, 0x81, 66, 100, 34, 16);
        expected[10] = 1;
        assertArrayEquals(expected, headerOf(GUEST | MERGEABLE, frame));

        frame.needSegmentation(Frame.GSO_UDP_L4, 100, false);
        expected = Frames.header(1, 5, 42, 100, 34, 16);
        expected[10] = 1;
        assertArrayEquals(expected, headerOf(GUEST, frame));
    }

    @Test
    void shouldSayThatAChecksumIsValidOnlyToWhomItMatters() throws Exception {
        Frame frame = FakePort.frame(new byte[60]);
        frame.checksumValid(true);
        assertEquals(2, headerOf(NetSpec.VIRTIO_NET_F_GUEST_CSUM, frame)[0]);
        assertEquals(0, headerOf(0, frame)[0]);
        frame.needChecksum(14, 0);
        assertEquals(1, headerOf(NetSpec.VIRTIO_NET_F_GUEST_CSUM, frame)[0]);
    }

    @Test
    void shouldWriteFramesWithAHeadAndManyExtents() throws Exception {
        byte[] bytes = Frames.payload(400, 4);
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            Frame frame = new Frame(FrameKeeper.NONE, 2);
            MemorySegment memory = MemorySegment.ofArray(bytes);
            for (int at = 0; at < 400; at += 40) {
                frame.add(memory, at, 40);
            }
            frame.pull(57);
            for (int size : new int[] {412, 100}) {
                driver.reset();
                TestDriver.Buffer[] buffers = new TestDriver.Buffer[412 / size + 1];
                for (int i = 0; i < buffers.length; i++) {
                    buffers[i] = driver.writable(size);
                    driver.add(List.of(buffers[i]));
                }
                assertEquals(Verdict.DONE, put(nic, frame));
                publish(worker, driver);
                byte[] got = new byte[0];
                for (TestDriver.Buffer buffer : buffers) {
                    got = Frames.join(got, driver.get(buffer.address(), size));
                }
                assertArrayEquals(bytes, Frames.slice(got, 12, 400));
                drainOthers(nic, worker, driver);
            }
        }
    }

    @Test
    void shouldReportTheFillOfTheRing() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            for (int i = 0; i < 5; i++) {
                nic.driver(0).add(List.of(nic.driver(0).writable(100)));
            }
            put(nic, new byte[60]);
            worker.poll(8);
            assertEquals(4, nic.count("ringside_net_ring_fill", "queue=0"));
        }
    }
}
