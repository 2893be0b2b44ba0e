package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a receiveq's worker does with buffers that it gathers. */
class ReceiveWindowTest {
    private static final long MERGEABLE = NetSpec.VIRTIO_NET_F_MRG_RXBUF;

    private static Verdict put(TestNic nic, Frame frame) {
        return Objects.requireNonNull(nic.port.into).put(frame);
    }

    private static Verdict put(TestNic nic, byte[] bytes) {
        return put(nic, FakePort.frame(bytes));
    }

    private static void publish(QueueWorker worker, TestDriver driver) {
        worker.queue().publish();
        driver.reap();
    }

    /** A turn has an end, whatever the driver posts. */
    @Test
    void shouldGiveFewBadBuffersBackForOneFrame() throws Exception {
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            for (int i = 0; i < ReceiveBuffers.MOST_BAD + 8; i++) {
                driver.add(List.of(driver.writable(11)));
            }
            driver.add(List.of(driver.writable(100)));
            assertEquals(Verdict.LATER, put(nic, new byte[60]));
            assertEquals(ReceiveBuffers.MOST_BAD, worker.poll(8));
            assertEquals(nic.shard.nowNs(), nic.shard.wakeByNs());
            assertEquals(9, worker.queue().pending());
            assertEquals(Verdict.DONE, put(nic, new byte[60]));
            assertEquals(9, worker.poll(8));
        }
    }

    @Test
    void shouldWriteALongFrameToManyIndirectPieces() throws Exception {
        byte[] bytes = Frames.payload(65535, 3);
        try (TestNic nic = new TestNic(MERGEABLE | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            List<TestDriver.Buffer> all = new ArrayList<>();
            for (int i = 0; i < 33; i++) {
                List<TestDriver.Buffer> table = new ArrayList<>();
                for (int j = 0; j < 40; j++) {
                    table.add(driver.writable(50));
                }
                driver.addIndirect(table);
                all.addAll(table);
            }
            assertEquals(Verdict.DONE, put(nic, bytes));
            publish(worker, driver);
            ByteArrayOutputStream got = new ByteArrayOutputStream();
            for (TestDriver.Buffer buffer : all) {
                got.writeBytes(driver.get(buffer.address(), 50));
            }
            assertEquals(33, Frames.shortAt(got.toByteArray(), 10));
            assertArrayEquals(bytes, Frames.slice(got.toByteArray(), 12, bytes.length));
        }
    }

    @Test
    void shouldDrainAfterAFrameThatCouldNotBeRead() throws Exception {
        Frame frame = new Frame(FrameKeeper.NONE, 2);
        frame.add(MemorySegment.ofArray(new byte[200]), 0, 200);
        try (Arena arena = Arena.ofConfined()) {
            frame.add(arena.allocate(100), 0, 100);
        }
        try (TestNic nic = new TestNic(MERGEABLE)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            for (int i = 0; i < 4; i++) {
                driver.add(List.of(driver.writable(100)));
            }
            assertThrows(IllegalStateException.class, () -> put(nic, frame));
            worker.beginDrain();
            assertTrue(worker.drained());
            assertEquals(0, worker.queue().inFlight());
            assertEquals(0, worker.stop().base());
        }
    }
}
