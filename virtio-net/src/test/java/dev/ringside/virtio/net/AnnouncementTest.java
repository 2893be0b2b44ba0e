package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.device.QueueWorker;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class AnnouncementTest {
    private static final byte[] RARP =
            HexFormat.of()
                    .parseHex(
                            "ffffffffffff"
                                    + "525400123456"
                                    + "8035"
                                    + "0001"
                                    + "0800"
                                    + "06"
                                    + "04"
                                    + "0003"
                                    + "525400123456"
                                    + "00000000"
                                    + "525400123456"
                                    + "00000000"
                                    + "00".repeat(18));

    @Test
    void shouldSendARarpRequest() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            assertFalse(worker.hasWork());
            int rings = nic.shard.doorbellRings();
            assertTrue(nic.device.announce(TestNic.MAC));
            assertEquals(rings + 1, nic.shard.doorbellRings());
            assertTrue(worker.hasWork());
            worker.poll(0);
            assertArrayEquals(RARP, nic.port.transmitted.getFirst().bytes());
            assertFalse(worker.hasWork());
            worker.poll(8);
            assertEquals(1, nic.port.transmitted.size());
        }
    }

    @Test
    void shouldWaitForTheQueueAndForRoom() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            assertTrue(nic.device.announce(TestNic.MAC));
            nic.port.answer = Verdict.LATER;
            QueueWorker worker = nic.start(1);
            worker.poll(8);
            assertFalse(worker.hasWork());
            nic.port.answer = Verdict.DONE;
            worker.poll(8);
            assertEquals(1, nic.port.transmitted.size());
        }
    }

    @Test
    void shouldNotChangeAFrameThatIsHeld() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            nic.port.answer = Verdict.HELD;
            nic.device.announce(TestNic.MAC);
            worker.poll(8);
            nic.device.announce(0x020000000001L);
            worker.poll(8);
            assertEquals(1, nic.port.held.size());
            assertArrayEquals(RARP, FakePort.bytes(nic.port.held.getFirst()));
            assertFalse(worker.hasWork());
            assertTrue(worker.drained());
            nic.port.held.getFirst().release();
            assertTrue(worker.hasWork());
            worker.poll(8);
            assertEquals(2, nic.port.held.size());
        }
    }

    @Test
    void shouldNotKeepAShardAwakeThatCannotSend() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            nic.device.setLink(false);
            worker.poll(8);
            nic.device.announce(TestNic.MAC);
            assertFalse(worker.hasWork());
            nic.device.setLink(true);
            worker.poll(8);
            assertEquals(1, nic.port.transmitted.size());
            nic.device.announce(TestNic.MAC);
            worker.queue().fail(RingFault.DEVICE_ERROR);
            assertFalse(worker.hasWork());
        }
    }

    @Test
    void shouldAnnounceOnlyAddressesOfStations() throws Exception {
        try (TestNic nic = new TestNic(0)) {
            assertFalse(nic.device.announce(0));
            assertFalse(nic.device.announce(0x010000000000L));
            assertFalse(nic.device.announce(1L << 48 | TestNic.MAC));
        }
    }
}
