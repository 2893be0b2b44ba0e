package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.virtqueue.device.QueueWorker;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetDeviceTest {
    @Test
    void shouldCarryFramesBothWays() throws Exception {
        try (TestNic nic = new TestNic(NetSpec.VIRTIO_NET_F_MRG_RXBUF)) {
            QueueWorker receive = nic.start(0);
            QueueWorker transmit = nic.start(1);
            byte[] sent = Frames.payload(64, 1);
            TestDriver tx = nic.driver(1);
            int head = tx.add(List.of(tx.readable(Frames.join(new byte[12], sent))));
            assertEquals(1, transmit.poll(64));
            transmit.queue().publish();
            tx.reap();
            assertEquals(0, tx.take(head));
            assertArrayEquals(sent, nic.port.transmitted.getFirst().bytes());

            TestDriver rx = nic.driver(0);
            TestDriver.Buffer buffer = rx.writable(1526);
            int posted = rx.add(List.of(buffer));
            byte[] come = Frames.payload(99, 2);
            nic.port.incoming.add(FakePort.frame(come));
            assertEquals(1, receive.poll(64));
            receive.queue().publish();
            rx.reap();
            assertEquals(111, rx.take(posted));
            byte[] got = rx.get(buffer.address(), 111);
            assertEquals(1, Frames.shortAt(got, 10));
            assertArrayEquals(come, Frames.slice(got, 12, 99));
        }
    }
}
