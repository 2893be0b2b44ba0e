package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlWorkerTest {
    private static final long FEATURES =
            VirtioSpec.VIRTIO_F_VERSION_1
                    | NetSpec.VIRTIO_NET_F_MRG_RXBUF
                    | NetSpec.VIRTIO_NET_F_GUEST_CSUM
                    | NetSpec.VIRTIO_NET_F_GUEST_TSO4
                    | NetSpec.VIRTIO_NET_F_STATUS
                    | NetSpec.VIRTIO_NET_F_MQ
                    | NetSpec.VIRTIO_NET_F_CTRL_VQ
                    | NetSpec.VIRTIO_NET_F_CTRL_RX
                    | NetSpec.VIRTIO_NET_F_CTRL_RX_EXTRA
                    | NetSpec.VIRTIO_NET_F_CTRL_VLAN
                    | NetSpec.VIRTIO_NET_F_CTRL_MAC_ADDR
                    | NetSpec.VIRTIO_NET_F_CTRL_GUEST_OFFLOADS
                    | NetSpec.VIRTIO_NET_F_GUEST_ANNOUNCE;

    private static final int OK = NetSpec.VIRTIO_NET_OK;
    private static final int ERR = NetSpec.VIRTIO_NET_ERR;
    private static final int PAIRS = 4;
    private static final long OTHER = 0x525400abcdefL;
    private static final long GROUP = 0x01005e000001L;
    private static final long BROADCAST = 0xffff_ffff_ffffL;

    private TestNic nic;
    private QueueWorker receive;
    private QueueWorker control;

    @BeforeEach
    void start() throws Exception {
        start(FEATURES);
    }

    private void start(long features) throws Exception {
        NetConfig config = NetConfig.named("nic").withMac(TestNic.MAC).withQueuePairs(PAIRS);
        nic = new TestNic(config, features);
        receive = nic.start(0);
        boolean many = NetFeature.has(features, NetSpec.VIRTIO_NET_F_MQ);
        control = nic.start(many ? 2 * PAIRS : 2);
        for (int i = 0; i < 32; i++) {
            nic.driver(0).add(List.of(nic.driver(0).writable(2000)));
        }
    }

    @AfterEach
    void stop() {
        nic.close();
    }

    private int command(int type, int command, byte... data) throws Exception {
        TestDriver driver = nic.driver(control.queue().index());
        driver.reset();
        byte[] bytes = Frames.join(new byte[] {(byte) type, (byte) command}, data);
        TestDriver.Buffer ack = driver.writable(1);
        int head = driver.add(List.of(driver.readable(bytes), ack));
        assertEquals(1, control.poll(8));
        control.queue().publish();
        driver.reap();
        assertEquals(1, driver.take(head));
        receive.poll(8);
        return driver.get(ack.address(), 1)[0];
    }

    private static byte[] bytes(int count, long value) {
        return Frames.slice(
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(),
                0,
                count);
    }

    private static byte[] address(long mac) {
        return Frames.slice(ByteBuffer.allocate(8).putLong(mac).array(), 2, 6);
    }

    private static byte[] table(long... addresses) {
        byte[] all = bytes(4, addresses.length);
        for (long address : addresses) {
            all = Frames.join(all, address(address));
        }
        return all;
    }

    private Verdict put(byte[] frame) {
        return Objects.requireNonNull(nic.port.into).put(FakePort.frame(frame));
    }

    private boolean passes(long destination) {
        return put(Frames.join(address(destination), new byte[54])) == Verdict.DONE;
    }

    private boolean passesTagged(long destination, int vlan) {
        byte[] tag = {(byte) 0x81, 0, (byte) (0xe0 | vlan >> 8), (byte) vlan};
        return put(Frames.join(address(destination), new byte[6], tag, new byte[46]))
                == Verdict.DONE;
    }

    private void promiscuous(boolean on) throws Exception {
        assertEquals(OK, command(0, 0, (byte) (on ? 1 : 0)));
    }

    @Test
    void shouldLetAllThroughUntilToldOtherwise() throws Exception {
        assertTrue(passes(OTHER));
        promiscuous(false);
        assertFalse(passes(OTHER));
        assertEquals(1, nic.drops("filtered"));
        assertTrue(passes(TestNic.MAC));
        assertTrue(passes(BROADCAST));
        assertFalse(passes(GROUP));
        promiscuous(true);
        assertTrue(passes(OTHER));
    }

    @Test
    void shouldObeyEachReceiveMode() throws Exception {
        promiscuous(false);
        assertEquals(OK, command(0, NetSpec.VIRTIO_NET_CTRL_RX_ALLMULTI, (byte) 1));
        assertTrue(passes(GROUP));
        assertFalse(passes(OTHER));
        assertEquals(OK, command(0, NetSpec.VIRTIO_NET_CTRL_RX_ALLUNI, (byte) 1));
        assertTrue(passes(OTHER));
        assertEquals(OK, command(0, NetSpec.VIRTIO_NET_CTRL_RX_NOMULTI, (byte) 1));
        assertFalse(passes(GROUP));
        assertTrue(passes(BROADCAST));
        assertEquals(OK, command(0, NetSpec.VIRTIO_NET_CTRL_RX_NOBCAST, (byte) 1));
        assertFalse(passes(BROADCAST));
        assertEquals(OK, command(0, NetSpec.VIRTIO_NET_CTRL_RX_NOUNI, (byte) 1));
        assertFalse(passes(TestNic.MAC));
        assertEquals(OK, command(0, NetSpec.VIRTIO_NET_CTRL_RX_NOUNI, (byte) 0));
        assertTrue(passes(TestNic.MAC));
        assertEquals(ERR, command(0, 6, (byte) 1));
        assertEquals(ERR, command(0, 0));
    }

    @Test
    void shouldKeepATableOfAddresses() throws Exception {
        promiscuous(false);
        byte[] tables = Frames.join(table(OTHER, 0x020000000001L), table(GROUP));
        assertEquals(OK, command(1, 0, tables));
        assertTrue(passes(OTHER));
        assertTrue(passes(0x020000000001L));
        assertFalse(passes(0x020000000002L));
        assertTrue(passes(GROUP));
        assertFalse(passes(GROUP + 1));
        assertEquals(OK, command(1, 0, Frames.join(table(), table())));
        assertFalse(passes(OTHER));
        assertFalse(passes(GROUP));
    }

    @Test
    void shouldRefuseTablesThatAreNotThere() throws Exception {
        promiscuous(false);
        assertEquals(OK, command(1, 0, Frames.join(table(OTHER), table())));
        assertEquals(ERR, command(1, 0));
        assertEquals(ERR, command(1, 0, table()));
        assertEquals(ERR, command(1, 0, Frames.join(bytes(4, 2), address(1), table())));
        assertEquals(ERR, command(1, 0, Frames.join(bytes(4, -1), table())));
        assertEquals(ERR, command(1, 0, Frames.join(table(), bytes(4, 0x2aaaaaab))));
        assertEquals(ERR, command(1, 0, Frames.join(table(OTHER), bytes(3, 0))));
        assertEquals(ERR, command(1, 0, new byte[16385]));
        assertTrue(passes(OTHER));
    }

    @Test
    void shouldLetAllOfAKindThroughThatHasTooManyAddresses() throws Exception {
        promiscuous(false);
        long[] many = new long[ReceiveFilter.MAX_ADDRESSES + 1];
        for (int i = 0; i < many.length; i++) {
            many[i] = 0x020000000000L + i;
        }
        assertEquals(OK, command(1, 0, Frames.join(table(many), table())));
        assertTrue(passes(OTHER));
        assertFalse(passes(GROUP));
    }

    @Test
    void shouldTakeAnotherAddress() throws Exception {
        promiscuous(false);
        assertEquals(OK, command(1, 1, address(OTHER)));
        assertTrue(passes(OTHER));
        assertFalse(passes(TestNic.MAC));
        byte[] config = new byte[6];
        nic.device.readConfig(0, config);
        assertEquals(0x52, config[0]);
        assertEquals((byte) 0xef, config[5]);
        assertEquals(ERR, command(1, 1, address(GROUP)));
        assertEquals(ERR, command(1, 1, address(0)));
        assertEquals(ERR, command(1, 1, new byte[5]));
        assertEquals(ERR, command(1, 2, address(OTHER)));
        nic.device.reset();
        nic.device.readConfig(0, config);
        assertEquals(0x56, config[5]);
    }

    @Test
    void shouldFilterVlans() throws Exception {
        assertTrue(passesTagged(TestNic.MAC, 100));
        promiscuous(false);
        assertFalse(passesTagged(TestNic.MAC, 100));
        assertEquals(OK, command(2, 0, bytes(2, 100)));
        assertEquals(OK, command(2, 0, bytes(2, 4095)));
        assertTrue(passesTagged(TestNic.MAC, 100));
        assertTrue(passesTagged(TestNic.MAC, 4095));
        assertFalse(passesTagged(TestNic.MAC, 101));
        assertFalse(passesTagged(OTHER, 100));
        assertEquals(OK, command(2, 1, bytes(2, 100)));
        assertFalse(passesTagged(TestNic.MAC, 100));
        assertEquals(ERR, command(2, 0, bytes(2, 4096)));
        assertEquals(ERR, command(2, 2, bytes(2, 1)));
        assertEquals(ERR, command(2, 0, bytes(1, 1)));
    }

    @Test
    void shouldLetTheDriverChooseOffloads() throws Exception {
        Objects.requireNonNull(nic.port.into);
        assertEquals(Offload.CSUM | Offload.TSO4, ((ReceiveWorker) receive).accepts());
        assertEquals(1, nic.port.opened);
        assertEquals(OK, command(5, 0, bytes(8, NetSpec.VIRTIO_NET_F_GUEST_CSUM)));
        assertEquals(Offload.CSUM, ((ReceiveWorker) receive).accepts());
        assertEquals(2, nic.port.opened);
        assertEquals(1, nic.port.closed);
        assertEquals(true, nic.port.sourceEnabled);
        assertEquals(ERR, command(5, 0, bytes(8, NetSpec.VIRTIO_NET_F_GUEST_TSO6)));
        assertEquals(ERR, command(5, 0, bytes(8, NetSpec.VIRTIO_NET_F_MRG_RXBUF)));
        assertEquals(ERR, command(5, 0, bytes(7, 0)));
        assertEquals(ERR, command(5, 1, bytes(8, 0)));
        assertEquals(Offload.CSUM, ((ReceiveWorker) receive).accepts());
    }

    @Test
    void shouldUseOnePairUntilToldOtherwise() throws Exception {
        nic.port.sourceEnabled = null;
        QueueWorker third = nic.start(4);
        assertEquals(false, nic.port.sourceEnabled);
        assertEquals(OK, command(4, 0, bytes(2, 3)));
        third.poll(8);
        assertEquals(true, nic.port.sourceEnabled);
        assertEquals(OK, command(4, 0, bytes(2, 2)));
        third.poll(8);
        assertEquals(false, nic.port.sourceEnabled);
        assertEquals(ERR, command(4, 0, bytes(2, 0)));
        assertEquals(ERR, command(4, 0, bytes(2, PAIRS + 1)));
        assertEquals(ERR, command(4, 0, bytes(1, 1)));
        assertEquals(ERR, command(4, 9, bytes(2, 1)));
    }

    @Test
    void shouldAskForAnAnnouncementUntilItIsAcknowledged() throws Exception {
        int[] changes = new int[1];
        nic.device.onConfigChange(() -> changes[0]++);
        assertTrue(nic.device.announce(TestNic.MAC));
        byte[] status = new byte[2];
        nic.device.readConfig(NetSpec.CONFIG_STATUS, status);
        assertEquals(3, status[0]);
        assertEquals(1, changes[0]);
        assertEquals(ERR, command(3, 1));
        assertEquals(OK, command(3, 0));
        nic.device.readConfig(NetSpec.CONFIG_STATUS, status);
        assertEquals(1, status[0]);
    }

    @Test
    void shouldRefuseWhatDoesNotExistOrWasNotNegotiated() throws Exception {
        assertEquals(ERR, command(6, 0, new byte[8]));
        assertEquals(ERR, command(255, 255));
        nic.close();
        start(VirtioSpec.VIRTIO_F_VERSION_1 | NetSpec.VIRTIO_NET_F_CTRL_VQ);
        assertEquals(ERR, command(0, 0, (byte) 0));
        assertEquals(ERR, command(0, 2, (byte) 0));
        assertEquals(ERR, command(1, 0, Frames.join(table(), table())));
        assertEquals(ERR, command(1, 1, address(OTHER)));
        assertEquals(ERR, command(2, 0, bytes(2, 1)));
        assertEquals(ERR, command(3, 0));
        assertEquals(ERR, command(4, 0, bytes(2, 1)));
        assertEquals(ERR, command(5, 0, bytes(8, 0)));
    }

    @Test
    void shouldSurviveCommandsOfAnyShape() throws Exception {
        TestDriver driver = nic.driver(2 * PAIRS);
        int[] heads = {
            driver.add(List.of(driver.writable(1))),
            driver.add(List.of(driver.readable(new byte[1]), driver.writable(1))),
            driver.add(List.of(driver.readable(new byte[] {0, 0, 0})))
        };
        assertEquals(3, control.poll(8));
        control.queue().publish();
        driver.reap();
        assertEquals(1, driver.take(heads[0]));
        assertEquals(1, driver.take(heads[1]));
        assertEquals(0, driver.take(heads[2]));
    }

    @Test
    void shouldCarryOutFewCommandsInOnePoll() throws Exception {
        TestDriver driver = nic.driver(2 * PAIRS);
        for (int i = 0; i < 10; i++) {
            driver.add(List.of(driver.readable(new byte[] {0, 0, 1}), driver.writable(1)));
        }
        assertEquals(4, control.poll(64));
        control.beginDrain();
        assertEquals(0, control.poll(64));
        assertTrue(control.drained());
        assertEquals(4, control.stop().base());
    }

    @Test
    void shouldNotFilterWhenTheFrontEndKeepsTheControlQueue() throws Exception {
        nic.close();
        nic = new TestNic(NetConfig.named("nic").withMac(TestNic.MAC), FEATURES);
        receive = nic.start(0);
        nic.driver(0).add(List.of(nic.driver(0).writable(2000)));
        assertTrue(passesTagged(OTHER, 7));
        assertEquals(true, nic.port.sourceEnabled);
    }

    /** Front-ends send the features again when a paused machine goes on. */
    @Test
    void shouldKeepWhatTheDriverChoseWhenItsFeaturesAreSetAgain() throws Exception {
        promiscuous(false);
        nic.device.setFeatures(FEATURES);
        receive.poll(8);
        assertFalse(passes(OTHER));
        nic.device.reset();
        receive.poll(8);
        assertTrue(passes(OTHER));
    }

    @Test
    void shouldForgetWhatTheDriverChoseWithOtherFeatures() throws Exception {
        promiscuous(false);
        nic.device.setFeatures(FEATURES & ~NetSpec.VIRTIO_NET_F_GUEST_ANNOUNCE);
        receive.poll(8);
        assertTrue(passes(OTHER));
    }
}
