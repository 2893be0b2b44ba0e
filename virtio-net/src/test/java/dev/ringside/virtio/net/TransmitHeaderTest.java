package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtqueue.device.QueueWorker;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a transmitted frame's header may ask for (section 5.1.6.2). */
class TransmitHeaderTest {
    private static final long ALL =
            NetSpec.VIRTIO_NET_F_CSUM
                    | NetSpec.VIRTIO_NET_F_HOST_TSO4
                    | NetSpec.VIRTIO_NET_F_HOST_TSO6
                    | NetSpec.VIRTIO_NET_F_HOST_ECN
                    | NetSpec.VIRTIO_NET_F_HOST_UFO
                    | NetSpec.VIRTIO_NET_F_HOST_USO;

    private static final int ECN = NetSpec.VIRTIO_NET_HDR_GSO_ECN;
    private static final int LENGTH = 100;

    /** Transmits a frame of 100 bytes; answers what it needs, or -1 and the reason is counted. */
    private static int send(TestNic nic, QueueWorker worker, byte[] header, byte[] frame)
            throws Exception {
        TestDriver driver = nic.driver(1);
        driver.reset();
        nic.port.transmitted.clear();
        driver.add(List.of(driver.readable(Frames.join(header, frame))));
        assertEquals(1, worker.poll(1));
        worker.queue().publish();
        assertEquals(1, driver.reap());
        return nic.port.transmitted.isEmpty() ? -1 : nic.port.transmitted.getFirst().needs();
    }

    private static int send(long features, int... fields) throws Exception {
        try (TestNic nic = new TestNic(features)) {
            QueueWorker worker = nic.start(1);
            byte[] frame = Frames.payload(LENGTH, 1);
            frame[12] = 8; // IPv4
            frame[13] = 0;
            return send(nic, worker, header(fields), frame);
        }
    }

    private static byte[] header(int... fields) {
        return Frames.header(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]);
    }

    private static void refuse(String reason, long features, int... fields) throws Exception {
        try (TestNic nic = new TestNic(features)) {
            QueueWorker worker = nic.start(1);
            int needs = send(nic, worker, header(fields), Frames.payload(LENGTH, 1));
            assertEquals(-1, needs, reason);
            assertEquals(1, nic.drops(reason));
        }
    }

    @Test
    void shouldIgnoreWhatHasNoMeaning() throws Exception {
        // Lengths without segmentation, unknown flags, DATA_VALID, ECN without segmentation.
        assertEquals(Offload.NONE, send(0, 0, 0, 0xffff, 0xffff, 0xffff, 0xffff));
        assertEquals(Offload.NONE, send(0, 0xfe, 0, 0, 0, 0, 0));
        assertEquals(Offload.NONE, send(ALL, 0, ECN, 0, 0, 0, 0));
    }

    @Test
    void shouldTakeAChecksumToComputeWhereItIsInside() throws Exception {
        assertEquals(Offload.CSUM, send(ALL, 1, 0, 0, 0, 34, 16));
        assertEquals(Offload.CSUM, send(ALL, 1, 0, 0, 0, 14, LENGTH - 16));
        assertEquals(Offload.CSUM, send(ALL, 1, 0, 0, 0, LENGTH - 2, 0));
    }

    @Test
    void shouldRefuseAChecksumThatIsNotInside() throws Exception {
        refuse("checksum_outside", ALL, 1, 0, 0, 0, LENGTH - 1, 0);
        refuse("checksum_outside", ALL, 1, 0, 0, 0, 14, LENGTH - 15);
        refuse("checksum_outside", ALL, 1, 0, 0, 0, 0xffff, 0xffff);
        refuse("checksum_outside", ALL, 1, 0, 0, 0, 34, 0xffff);
        refuse("checksum_outside", ALL, 1, 0, 0, 0, 13, 0);
    }

    @Test
    void shouldRefuseAChecksumThatWasNotNegotiated() throws Exception {
        refuse("checksum_not_negotiated", ALL & ~NetSpec.VIRTIO_NET_F_CSUM, 1, 0, 0, 0, 34, 16);
    }

    @Test
    void shouldTakeEachKindOfSegmentation() throws Exception {
        int csum = Offload.CSUM;
        assertEquals(csum | Offload.TSO4, send(ALL, 1, Frame.GSO_TCPV4, 54, 40, 34, 16));
        assertEquals(csum | Offload.TSO6, send(ALL, 1, Frame.GSO_TCPV6, 54, 1, 34, 16));
        assertEquals(
                csum | Offload.TSO4 | Offload.ECN,
                send(ALL, 1, Frame.GSO_TCPV4 | ECN, 54, 0xffff, 34, 16));
        assertEquals(csum | Offload.UFO, send(ALL, 1, Frame.GSO_UDP, 42, 40, 34, 6));
        assertEquals(csum | Offload.USO4, send(ALL, 1, Frame.GSO_UDP_L4, LENGTH, 40, 34, 6));
        assertEquals(csum | Offload.USO4, send(ALL, 1, Frame.GSO_UDP_L4, 0, 40, 34, 6));
    }

    @Test
    void shouldTakeLegacySegmentation() throws Exception {
        long legacy = NetSpec.VIRTIO_NET_F_CSUM | NetSpec.VIRTIO_NET_F_GSO;
        assertEquals(
                Offload.CSUM | Offload.TSO4 | Offload.ECN,
                send(legacy, 1, Frame.GSO_TCPV4 | ECN, 54, 40, 34, 16));
        refuse("gso_not_negotiated", legacy, 1, Frame.GSO_UDP_L4, 42, 40, 34, 6);
    }

    @Test
    void shouldRefuseSegmentationThatWasNotNegotiated() throws Exception {
        long[] bits = {
            NetSpec.VIRTIO_NET_F_HOST_TSO4,
            NetSpec.VIRTIO_NET_F_HOST_TSO6,
            NetSpec.VIRTIO_NET_F_HOST_ECN,
            NetSpec.VIRTIO_NET_F_HOST_UFO,
            NetSpec.VIRTIO_NET_F_HOST_USO
        };
        int[] types = {
            Frame.GSO_TCPV4, Frame.GSO_TCPV6, Frame.GSO_TCPV4 | ECN, Frame.GSO_UDP, Frame.GSO_UDP_L4
        };
        for (int i = 0; i < bits.length; i++) {
            refuse("gso_not_negotiated", ALL & ~bits[i], 1, types[i], 54, 40, 34, 6);
        }
    }

    @Test
    void shouldRefuseKindsOfSegmentationThatDoNotExist() throws Exception {
        for (int type : new int[] {2, 6, 7, 8, 16, 32, 64, 127, 0xff, 3 | ECN, 5 | ECN}) {
            refuse("gso_unknown", ALL, 1, type, 54, 40, 34, 6);
        }
    }

    @Test
    void shouldRefuseSegmentationThatCannotBe() throws Exception {
        refuse("gso_size", ALL, 1, Frame.GSO_TCPV4, 54, 0, 34, 16);
        refuse("gso_header", ALL, 1, Frame.GSO_TCPV4, LENGTH + 1, 40, 34, 16);
        refuse("gso_header", ALL, 0, Frame.GSO_TCPV4, 54, 40, 34, 16);
    }

    @Test
    void shouldSayWhichDatagramsAreIpv6() throws Exception {
        try (TestNic nic = new TestNic(ALL)) {
            QueueWorker worker = nic.start(1);
            byte[] frame = Frames.payload(LENGTH, 1);
            frame[12] = (byte) 0x86;
            frame[13] = (byte) 0xdd;
            byte[] header = Frames.header(1, Frame.GSO_UDP_L4, 62, 20, 54, 6);
            assertEquals(Offload.CSUM | Offload.USO6, send(nic, worker, header, frame));
            assertArrayEquals(frame, nic.port.transmitted.getFirst().bytes());
            assertEquals(20, nic.port.transmitted.getFirst().gsoBytes());
        }
    }

    @Test
    void shouldForgetWhatTheFrameBeforeAskedFor() throws Exception {
        try (TestNic nic = new TestNic(ALL)) {
            QueueWorker worker = nic.start(1);
            byte[] frame = Frames.payload(LENGTH, 1);
            send(nic, worker, Frames.header(1, Frame.GSO_TCPV4 | ECN, 54, 40, 34, 16), frame);
            assertTrue(nic.port.transmitted.getFirst().needs() != 0);
            assertEquals(Offload.NONE, send(nic, worker, new byte[12], frame));
        }
    }
}
