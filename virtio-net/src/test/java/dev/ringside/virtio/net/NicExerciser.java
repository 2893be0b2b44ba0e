package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.DeviceState;
import dev.ringside.virtqueue.device.DeviceStateException;
import dev.ringside.virtqueue.device.QueueWorker;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads any bytes as what a hostile driver and front-end do to a NIC: a state that is loaded
 * before, headers, layouts, commands, receive buffers, the configuration space. Checks that what
 * the port gets is within the rules, that every chain comes back, and that what is refused changes
 * nothing.
 */
final class NicExerciser implements AutoCloseable {
    private static final List<Verdict> ANSWERS =
            List.of(Verdict.DONE, Verdict.DROPPED, Verdict.LATER, Verdict.HELD);
    private static final long CHOICES =
            NetSpec.VIRTIO_NET_F_CSUM
                    | NetSpec.VIRTIO_NET_F_GUEST_CSUM
                    | NetSpec.VIRTIO_NET_F_HOST_TSO4
                    | NetSpec.VIRTIO_NET_F_HOST_TSO6
                    | NetSpec.VIRTIO_NET_F_HOST_ECN
                    | NetSpec.VIRTIO_NET_F_HOST_UFO
                    | NetSpec.VIRTIO_NET_F_HOST_USO
                    | NetSpec.VIRTIO_NET_F_GUEST_TSO4
                    | NetSpec.VIRTIO_NET_F_MRG_RXBUF
                    | NetSpec.VIRTIO_NET_F_MQ
                    | NetSpec.VIRTIO_NET_F_RSS
                    | NetSpec.VIRTIO_NET_F_HASH_REPORT
                    | VirtioSpec.VIRTIO_F_VERSION_1;
    private static final long ALWAYS =
            NetSpec.VIRTIO_NET_F_CTRL_VQ
                    | NetSpec.VIRTIO_NET_F_CTRL_RX
                    | NetSpec.VIRTIO_NET_F_CTRL_RX_EXTRA
                    | NetSpec.VIRTIO_NET_F_CTRL_VLAN
                    | NetSpec.VIRTIO_NET_F_CTRL_MAC_ADDR
                    | NetSpec.VIRTIO_NET_F_CTRL_GUEST_OFFLOADS
                    | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC;

    private static final short[] PAIRS_OF_HASHES = {0, 1, 1, 0};

    private final ByteBuffer input;
    private final TestNic nic;
    private final int allowed;
    private final int controlIndex;
    private final QueueWorker receive;
    private final QueueWorker transmit;
    private final QueueWorker control;

    private NicExerciser(byte[] bytes) throws Exception {
        input = ByteBuffer.wrap(bytes);
        long features = 0;
        long bits = CHOICES;
        while (bits != 0) {
            long bit = Long.lowestOneBit(bits);
            bits ^= bit;
            features |= (next() & 1) == 0 ? bit : 0;
        }
        features |= ALWAYS;
        nic = new TestNic(NetConfig.named("nic").withQueuePairs(2).withMac(TestNic.MAC), features);
        if ((next() & 1) != 0) {
            loadState(features);
        }
        allowed = NetFeature.transmitOffloads(features);
        controlIndex = NetFeature.controlQueue(features, 2);
        receive = nic.start(0);
        transmit = nic.start(1);
        control = nic.start(controlIndex);
    }

    /** Runs one input. */
    static void run(byte[] bytes) {
        try (NicExerciser exerciser = new NicExerciser(bytes)) {
            exerciser.steps();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void steps() throws Exception {
        while (input.hasRemaining()) {
            int choice = next();
            nic.port.answer = ANSWERS.get(choice >>> 3 & 3);
            if ((choice & 4) != 0) {
                configure();
            }
            switch (choice & 3) {
                case 0 -> give(1, false);
                case 1 -> give(controlIndex, true);
                case 2 -> post();
                default -> bring();
            }
            transmit.poll(8);
            control.poll(8);
            receive.poll(8);
            check();
            if ((choice & 0x80) != 0) {
                transmit.poll(0);
                receive.poll(0);
            }
        }
        finish();
    }

    /** What the port gets is a frame, and asks only for what was negotiated and can be done. */
    private void check() throws Exception {
        for (FakePort.Seen seen : nic.port.transmitted) {
            int length = seen.bytes().length;
            assertTrue(length >= Frame.MIN_BYTES && length <= Frame.MAX_BYTES);
            assertEquals(0, seen.needs() & ~allowed & ~0x60);
            if (seen.needs() != 0) {
                assertTrue(seen.checksumStart() >= Frame.MIN_BYTES);
                assertTrue(seen.checksumStart() + seen.checksumOffset() + 2 <= length);
            }
        }
        nic.port.transmitted.clear();
        for (int index : new int[] {0, 1, controlIndex}) {
            nic.driver(index).queue().publish();
            nic.driver(index).reap();
        }
    }

    private void finish() throws Exception {
        nic.port.held.forEach(Frame::release);
        for (QueueWorker worker : List.of(receive, transmit, control)) {
            worker.beginDrain();
            worker.poll(0);
            assertTrue(worker.drained());
            worker.stop();
            assertEquals(0, worker.queue().inFlight());
        }
    }

    /** A state in which much was chosen, with bytes of the input here and there in it. */
    private void loadState(long features) {
        Reception chosen =
                NetSavedStateTest.everythingChosen()
                        .reception()
                        .withGuestOffloads(features & NetSpec.VIRTIO_NET_F_GUEST_CSUM)
                        .withHash(new HashRules(HashType.ALL, new byte[40], PAIRS_OF_HASHES, 1));
        NetLink link = new NetLink(true, true, false, TestNic.MAC, 1500);
        byte[] state = NetSavedState.encode(new NetState(features, link, chosen));
        for (int changes = next() & 7; changes > 0; changes--) {
            state[(next() << Byte.SIZE | next()) % state.length] = (byte) next();
        }
        // The features stay what was negotiated: the rings of this test are made by them.
        DeviceState.over(state).putLong(Long.BYTES, features);
        byte[] before = nic.device.saveState();
        try {
            nic.device.loadState(state);
            byte[] loaded = nic.device.saveState();
            nic.device.loadState(loaded);
            assertArrayEquals(loaded, nic.device.saveState());
        } catch (DeviceStateException e) {
            assertArrayEquals(before, nic.device.saveState(), e.getMessage());
        }
    }

    private void configure() {
        byte[] before = space();
        int offset = next() - 16;
        boolean written = nic.device.writeConfig(offset, take(next() & 15));
        byte[] after = space();
        if (!written) {
            assertArrayEquals(before, after);
        }
        assertEquals(0, after[0] & 1, "a group's address");
        byte[] piece = new byte[next()];
        int at = next();
        nic.device.readConfig(at, piece);
        for (int i = 0; i < piece.length; i++) {
            assertEquals(at + i < after.length ? after[at + i] : 0, piece[i]);
        }
    }

    private byte[] space() {
        byte[] all = new byte[nic.device.configSize()];
        nic.device.readConfig(0, all);
        return all;
    }

    private void give(int index, boolean answer) throws Exception {
        TestDriver driver = nic.driver(index);
        List<TestDriver.Buffer> buffers = new ArrayList<>();
        int pieces = next() & 3;
        for (int i = 0; i <= pieces; i++) {
            buffers.add(driver.readable(take(next() & 63)));
        }
        if (answer) {
            buffers.add(driver.writable(next() & 3));
        }
        if (driver.room() >= buffers.size()) {
            driver.add(buffers);
        }
    }

    private void post() throws Exception {
        TestDriver driver = nic.driver(0);
        List<TestDriver.Buffer> buffers = new ArrayList<>();
        int pieces = next() & 3;
        for (int i = 0; i <= pieces; i++) {
            buffers.add(driver.writable(next()));
        }
        if (driver.room() >= buffers.size()) {
            driver.add(buffers);
        }
    }

    private void bring() {
        int length = Frame.MIN_BYTES + next();
        byte[] start = take(next() & 63);
        byte[] bytes = new byte[Math.max(length, start.length)];
        System.arraycopy(start, 0, bytes, 0, start.length);
        nic.port.incoming.add(FakePort.frame(bytes));
    }

    private int next() {
        return input.hasRemaining() ? Byte.toUnsignedInt(input.get()) : 0;
    }

    private byte[] take(int count) {
        byte[] bytes = new byte[Math.min(count, input.remaining())];
        input.get(bytes);
        return bytes;
    }

    @Override
    public void close() {
        nic.close();
    }
}
