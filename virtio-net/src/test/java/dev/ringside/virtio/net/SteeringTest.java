package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hashes that choose queues and are reported (sections 5.1.6.4.3 and 5.1.6.5.7). */
class SteeringTest {
    /** The key and a line of Microsoft's table of examples: 66.9.149.187:2794 to port 1766. */
    private static final byte[] KEY =
            HexFormat.of()
                    .parseHex(
                            "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b4"
                                    + "77cb2da38030f20c6a42b73bbeac01fa");

    private static final int TCP_HASH = 0x51ccc178;
    private static final int PAIRS = 4;
    private static final byte[] PACKET =
            HexFormat.of()
                    .parseHex(
                            "525400123456"
                                    + "020000000001"
                                    + "0800"
                                    + "45000028000000004006"
                                    + "0000"
                                    + "420995bb"
                                    + "a18e6450"
                                    + "0aea06e6"
                                    + "0000000000000000"
                                    + "50000000"
                                    + "00000000");

    private TestNic nic;
    private QueueWorker control;
    private final QueueWorker[] receive = new QueueWorker[PAIRS];
    private int released;

    @BeforeEach
    void start() throws Exception {
        NetConfig config = NetConfig.named("nic").withQueuePairs(PAIRS);
        long features =
                VirtioSpec.VIRTIO_F_VERSION_1
                        | NetSpec.VIRTIO_NET_F_MRG_RXBUF
                        | NetSpec.VIRTIO_NET_F_CTRL_VQ
                        | NetSpec.VIRTIO_NET_F_MQ
                        | NetSpec.VIRTIO_NET_F_RSS
                        | NetSpec.VIRTIO_NET_F_HASH_REPORT;
        nic = new TestNic(config, features);
        for (int i = 0; i < PAIRS; i++) {
            receive[i] = nic.start(2 * i);
        }
        control = nic.start(2 * PAIRS);
    }

    @AfterEach
    void stop() {
        nic.close();
    }

    private int command(int command, byte[] data) throws Exception {
        TestDriver driver = nic.driver(2 * PAIRS);
        TestDriver.Buffer ack = driver.writable(1);
        byte[] bytes = Frames.join(new byte[] {4, (byte) command}, data);
        driver.add(List.of(driver.readable(bytes), ack));
        control.poll(8);
        for (QueueWorker worker : receive) {
            worker.poll(8);
        }
        return driver.get(ack.address(), 1)[0];
    }

    private static byte[] rss(int types, int unclassified, int transmit, byte[] key, int... table) {
        ByteBuffer out =
                ByteBuffer.allocate(8 + 2 * table.length + 3 + key.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(types).putShort((short) (table.length - 1)).putShort((short) unclassified);
        for (int entry : table) {
            out.putShort((short) entry);
        }
        return out.putShort((short) transmit).put((byte) key.length).put(key).array();
    }

    /** A frame of a source that can keep one. */
    private Frame frame(byte[] bytes) {
        FrameKeeper keeper =
                new FrameKeeper() {
                    @Override
                    public Frame hold(Frame frame) {
                        Frame held = new Frame(this, 4);
                        held.viewOf(frame);
                        held.beginHold(0);
                        return held;
                    }

                    @Override
                    public void released(Frame held) {
                        released++;
                    }
                };
        Frame frame = new Frame(keeper, 4);
        frame.add(MemorySegment.ofArray(bytes), 0, bytes.length);
        return frame;
    }

    private Verdict put(int pair, Frame frame) {
        return Objects.requireNonNull(nic.port.sinks.get(pair)).put(frame);
    }

    private byte @Nullable [] receivedBy(int pair, TestDriver.Buffer buffer) throws Exception {
        receive[pair].poll(8);
        receive[pair].queue().publish();
        return nic.driver(2 * pair).reap() == 0
                ? null
                : nic.driver(2 * pair).get(buffer.address(), 20 + PACKET.length);
    }

    private TestDriver.Buffer post(int pair) throws Exception {
        TestDriver driver = nic.driver(2 * pair);
        TestDriver.Buffer buffer = driver.writable(200);
        driver.add(List.of(buffer));
        return buffer;
    }

    private static byte[] expected(int hash, int report) {
        byte[] header = new byte[20];
        ByteBuffer.wrap(header)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(10, (short) 1)
                .putInt(12, hash)
                .putShort(16, (short) report);
        return Frames.join(header, PACKET);
    }

    @Test
    void shouldPutAFrameWhereItsHashLeads() throws Exception {
        // The hash ends in 0: entry 0 of the table.
        assertEquals(0, command(1, rss(HashType.TCPV4, 1, 4, KEY, 3, 0)));
        TestDriver.Buffer buffer = post(3);
        assertEquals(Verdict.HELD, put(0, frame(PACKET)));
        assertTrue(receive[3].hasWork());
        assertArrayEquals(expected(TCP_HASH, 2), receivedBy(3, buffer));
        assertEquals(1, released);
        assertFalse(receive[3].hasWork());

        TestDriver.Buffer own = post(3);
        assertEquals(Verdict.DONE, put(3, frame(PACKET)));
        assertArrayEquals(expected(TCP_HASH, 2), receivedBy(3, own));
    }

    @Test
    void shouldPutWhatHasNoHashIntoItsQueue() throws Exception {
        assertEquals(0, command(1, rss(HashType.UDPV4, 1, 4, KEY, 3, 0)));
        TestDriver.Buffer buffer = post(1);
        assertEquals(Verdict.HELD, put(0, frame(PACKET)));
        assertArrayEquals(expected(0, 0), receivedBy(1, buffer));
    }

    @Test
    void shouldReportHashesWithoutSteering() throws Exception {
        ByteBuffer config = ByteBuffer.allocate(13 + KEY.length).order(ByteOrder.LITTLE_ENDIAN);
        config.putInt(HashType.TCPV4).position(12).put((byte) KEY.length).put(KEY);
        assertEquals(0, command(2, config.array()));
        TestDriver.Buffer buffer = post(0);
        assertEquals(Verdict.DONE, put(0, frame(PACKET)));
        assertArrayEquals(expected(TCP_HASH, 2), receivedBy(0, buffer));
    }

    @Test
    void shouldReportNoHashUntilThereAreRules() throws Exception {
        TestDriver.Buffer buffer = post(0);
        assertEquals(Verdict.DONE, put(0, frame(PACKET)));
        assertArrayEquals(expected(0, 0), receivedBy(0, buffer));
    }

    @Test
    void shouldLeaveQueuesAloneThatTheDriverDoesNotUse() throws Exception {
        assertEquals(0, command(0, new byte[] {2, 0}));
        TestDriver.Buffer buffer = post(1);
        assertEquals(Verdict.HELD, put(3, frame(PACKET)));
        assertArrayEquals(expected(0, 0), receivedBy(1, buffer));
    }

    @Test
    void shouldWaitForBuffersForABoundedTime() throws Exception {
        assertEquals(0, command(1, rss(HashType.TCPV4, 0, 4, KEY, 2)));
        nic.shard.setNowNs(1000);
        put(0, frame(PACKET));
        receive[2].poll(8);
        assertEquals(0, released);
        assertEquals(10_001_000, nic.shard.wakeByNs());
        assertFalse(receive[2].hasWork());
        nic.shard.setNowNs(10_000_999);
        receive[2].poll(8);
        assertEquals(0, released);
        nic.shard.setNowNs(10_001_000);
        receive[2].poll(8);
        assertEquals(1, released);
        assertEquals(1, nic.drops("steering"));
    }

    @Test
    void shouldHoldNothingForAQueueThatIsShut() throws Exception {
        assertEquals(0, command(1, rss(HashType.TCPV4, 0, 4, KEY, 2)));
        put(0, frame(PACKET));
        receive[2].beginDrain();
        assertEquals(1, released);
        assertEquals(Verdict.HELD, put(0, frame(PACKET)));
        assertEquals(2, released);
        assertEquals(1, nic.drops("steering"));
    }

    @Test
    void shouldDeliverHereWhatItsSourceCannotKeep() throws Exception {
        assertEquals(0, command(1, rss(HashType.TCPV4, 0, 4, KEY, 2)));
        TestDriver.Buffer buffer = post(0);
        assertEquals(Verdict.DONE, put(0, FakePort.frame(PACKET)));
        assertArrayEquals(expected(TCP_HASH, 2), receivedBy(0, buffer));
    }

    @Test
    void shouldRefuseRulesThatCannotBe() throws Exception {
        assertEquals(1, command(1, rss(1 << 9, 0, 4, KEY, 0)));
        assertEquals(1, command(1, rss(1, 4, 4, KEY, 0)));
        assertEquals(1, command(1, rss(1, 0, 5, KEY, 0)));
        assertEquals(1, command(1, rss(1, 0, 0, KEY, 0)));
        assertEquals(1, command(1, rss(1, 0, 4, KEY, 4)));
        assertEquals(1, command(1, rss(1, 0, 4, KEY, 0, 1, 2)));
        assertEquals(1, command(1, rss(1, 0, 4, new byte[41], 0)));
        assertEquals(1, command(1, rss(1, 0, 4, KEY, new int[256])));
        byte[] good = rss(1, 0, 4, KEY, 0, 1);
        for (int length = 0; length < good.length; length++) {
            assertEquals(1, command(1, Frames.slice(good, 0, length)));
            nic.driver(2 * PAIRS).reset();
            control.queue().publish();
            nic.driver(2 * PAIRS).reap();
        }
        assertEquals(0, command(1, good));
        assertEquals(1, command(2, new byte[12]));
    }
}
