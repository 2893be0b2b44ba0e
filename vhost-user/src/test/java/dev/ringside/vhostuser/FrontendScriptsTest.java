package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.CONFIG;
import static dev.ringside.vhostuser.TestFrontend.MEMORY_BYTES;
import static dev.ringside.vhostuser.TestFrontend.NEED_REPLY;
import static dev.ringside.vhostuser.TestFrontend.PROTOCOL_F;
import static dev.ringside.vhostuser.TestFrontend.REPLY_ACK;
import static dev.ringside.vhostuser.TestFrontend.VERSION;
import static dev.ringside.vhostuser.TestFrontend.config;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.message;
import static dev.ringside.vhostuser.TestFrontend.region;
import static dev.ringside.vhostuser.TestFrontend.ringAddr;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.table;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.vhostuser.TestFrontend.TestRegion;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What real front-ends send to start, stop and reconfigure a disk, message by message, and every
 * byte that they must get back. Whole, and byte by byte.
 */
class FrontendScriptsTest {
    private static final byte[] NONE = new byte[0];
    private static final long MQ = 1;
    private static final long INFLIGHT = 1L << 12;
    private static final long MEM_SLOTS = 1L << 15;
    private static final long STATUS = 1L << 16;
    private static final long OFFERED = FakeDevice.OFFERED | PROTOCOL_F | 1L << 26;
    private static final long PROTOCOL = TestFrontend.ALL_PROTOCOL_FEATURES;

    private final Leaks before = Leaks.count();
    private TestFrontend f = new TestFrontend(1);

    private void connect(int queues, int chunk) {
        f.close();
        f = new TestFrontend(queues);
        f.chunk = chunk;
    }

    @AfterEach
    void shouldHaveReleasedEverything() {
        f.close();
        before.assertNone();
    }

    /** Sends a message that has no reply. */
    private void tell(int request, byte[] payload, Fd... fds) throws ProtocolException {
        f.raw(message(request, VERSION, payload), fds);
        assertTrue(f.host.sent.isEmpty(), () -> "a reply to " + request);
        assertTrue(f.host.refusals.isEmpty(), () -> f.host.refusals.toString());
    }

    /** Sends a message whose reply has this payload. */
    private void get(int request, byte[] payload, byte[] reply) throws ProtocolException {
        f.raw(message(request, f.flags, payload));
        assertArrayEquals(message(request, 5, reply), f.host.takeSent());
    }

    /** Sends a message that asks for an acknowledgement, which must be success. */
    private void ack(int request, byte[] payload, Fd... fds) throws ProtocolException {
        f.raw(message(request, NEED_REPLY, payload), fds);
        assertTrue(f.host.refusals.isEmpty(), () -> f.host.refusals.toString());
        assertArrayEquals(message(request, 5, u64(0)), f.host.takeSent());
    }

    /**
     * Asks for an in-flight region when the front-end holds none, and shows the back-end the one
     * that it holds. For 256 entries a queue's part has 16 + 16 * 256 bytes, rounded up to 64;
     * behind all of them are 64 bytes for a note of our own.
     */
    private void trackInflight(int queues, boolean acknowledged) throws ProtocolException {
        long size = queues * 4160L + 64;
        byte[] region = TestFrontend.inflight(size, 0, queues, 256);
        if (f.host.sentFds.isEmpty()) {
            get(31, TestFrontend.inflight(0, 0, queues, 256), region);
        }
        Fd held = duplicate(f.host.sentFds.getFirst());
        if (acknowledged) {
            ack(32, region, held);
        } else {
            tell(32, region, held);
        }
    }

    private void dropInflight() {
        f.host.sentFds.forEach(Fd::close);
        f.host.sentFds.clear();
    }

    private static Fd duplicate(Fd fd) {
        try {
            return fd.duplicate();
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] configReply(int offset, int size, int flags) {
        byte[] space = Arrays.copyOf(f.device.config, 4096);
        return config(
                offset, size, flags, Arrays.copyOfRange(space, offset % 256, offset % 256 + size));
    }

    private void getConfig(int offset, int size, int flags) throws ProtocolException {
        get(24, config(offset, size, flags, new byte[size]), configReply(offset, size, flags));
    }

    private void assertRunningEnabled(int queues) {
        assertEquals(queues, f.host.running.size());
        for (int i = 0; i < queues; i++) {
            assertTrue(f.host.queue(i).enabled);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeQemu72(int chunk) throws ProtocolException {
        connect(2, chunk);
        qemuConnects(2);
        qemuStarts(2);
        qemuHotplugs();
        qemuStops(2);
        // A pause of the virtual machine, and on.
        qemuStarts(2);
        qemuStops(2);
        assertEquals(0, f.device.resets);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeQemu10(int chunk) throws ProtocolException {
        connect(4, chunk);
        qemuConnects(4);
        // SeaBIOS uses one queue of four.
        qemuStarts(1);
        qemuStops(1);
        // The guest resets the device, then Linux comes.
        dropInflight();
        tell(34, NONE);
        assertEquals(1, f.device.resets);
        qemuStarts(4);
        ack(25, config(32, 1, 0, (byte) 0));
        f.session.configChanged();
        assertEquals(1, f.host.backendRequests.size());
        getConfig(0, 60, 0);
        qemuStops(4);
    }

    private void qemuConnects(int queues) throws ProtocolException {
        get(1, NONE, u64(OFFERED));
        get(15, NONE, u64(PROTOCOL));
        tell(16, u64(PROTOCOL));
        get(17, NONE, u64(queues));
        get(36, NONE, u64(509));
        ack(21, NONE, eventFd());
        tell(3, NONE);
        get(1, NONE, u64(OFFERED));
        for (int i = 0; i < queues; i++) {
            tell(13, u64(i), eventFd());
            tell(14, u64(i), eventFd());
        }
        getConfig(0, 60, 0);
    }

    private void qemuStarts(int queues) throws ProtocolException {
        long features = FakeDevice.OFFERED | PROTOCOL_F | 1L << 40;
        for (int i = 0; i < queues; i++) {
            tell(13, u64(i), eventFd());
        }
        tell(2, u64(features));
        trackInflight(queues, false);
        get(40, NONE, u64(0));
        tell(39, u64(8));
        tell(2, u64(features));
        get(40, NONE, u64(8));
        ack(37, region(new TestRegion(0, MEMORY_BYTES, TestFrontend.USER_BASE, 0)), memory());
        for (int i = 0; i < queues; i++) {
            tell(8, state(i, 128));
            tell(10, state(i, 0));
            tell(9, ringAddr(i));
            tell(12, u64(i), eventFd());
        }
        for (int i = 0; i < queues; i++) {
            ack(18, state(i, 1));
        }
        get(40, NONE, u64(8));
        tell(39, u64(15));
        for (int i = 0; i < queues; i++) {
            tell(13, u64(i), eventFd());
        }
        assertRunningEnabled(queues);
    }

    private void qemuHotplugs() throws ProtocolException {
        ack(37, region(TestRegion.small(0)), memfd(0x1000));
        ack(37, region(TestRegion.small(1)), memfd(0x1000));
        ack(38, region(TestRegion.small(0)), memfd(0x1000));
        assertEquals(2, f.session.memory().regions().size());
        ack(38, region(TestRegion.small(1)));
    }

    private void qemuStops(int queues) throws ProtocolException {
        for (int i = 0; i < queues; i++) {
            ack(18, state(i, 0));
        }
        for (int i = 0; i < queues; i++) {
            get(11, state(i, 0), state(i, 0));
        }
        tell(39, u64(0));
        for (int i = 0; i < queues; i++) {
            tell(13, u64(i), eventFd());
        }
        ack(38, region(TestRegion.standard()));
        assertTrue(f.host.running.isEmpty());
    }

    private static Fd memory() {
        return memfd(MEMORY_BYTES);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeCloudHypervisor(int chunk) throws ProtocolException {
        connect(2, chunk);
        tell(3, NONE);
        get(1, NONE, u64(OFFERED));
        get(15, NONE, u64(PROTOCOL));
        tell(16, u64(MQ | REPLY_ACK | CONFIG | INFLIGHT | MEM_SLOTS | TestFrontend.BACKEND_REQ));
        f.flags = NEED_REPLY;
        get(17, NONE, u64(2));
        getConfig(0, 60, 1);
        // Releases before 2026
        getConfig(0x100, 60, 1);

        cloudHypervisorActivates(0);
        // Pause and resume
        ack(18, state(0, 0));
        ack(18, state(1, 0));
        ack(18, state(0, 1));
        ack(18, state(1, 1));
        // Hot-plug
        ack(37, region(TestRegion.small(3)), memfd(0x1000));
        assertRunningEnabled(2);

        // The guest resets the device: older releases only disable, then set up anew.
        ack(18, state(0, 0));
        ack(18, state(1, 0));
        cloudHypervisorActivates(1);
        // Newer ones stop.
        ack(18, state(0, 0));
        ack(18, state(1, 0));
        get(11, state(0, 0), state(0, 0));
        get(11, state(1, 0), state(1, 0));
        cloudHypervisorActivates(0);
    }

    private void cloudHypervisorActivates(int place) throws ProtocolException {
        ack(2, u64(OFFERED));
        ack(5, table(TestRegion.standard(), TestRegion.small(2)), memory(), memfd(0x1000));
        ack(8, state(0, 256));
        ack(8, state(1, 256));
        trackInflight(2, true);
        for (int i = 0; i < 2; i++) {
            ack(9, ringAddr(i, i + place));
            ack(10, state(i, 0));
            ack(13, u64(i), eventFd());
            ack(12, u64(i), eventFd());
        }
        ack(18, state(0, 1));
        ack(18, state(1, 1));
        ack(21, NONE, eventFd());
        assertRunningEnabled(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeFirecracker(int chunk) throws ProtocolException {
        connect(1, chunk);
        tell(3, NONE);
        get(1, NONE, u64(OFFERED));
        get(15, NONE, u64(PROTOCOL));
        tell(16, u64(CONFIG));
        getConfig(0, 60, 1);
        tell(2, u64(FakeDevice.VERSION_1 | FakeDevice.EVENT_IDX | 1L << 9 | PROTOCOL_F));
        tell(5, table(TestRegion.standard()), memory());
        tell(8, state(0, 256));
        tell(9, ringAddr(0));
        tell(10, state(0, 0));
        tell(13, u64(0), eventFd());
        tell(12, u64(0), eventFd());
        assertFalse(f.host.queue(0).enabled);
        tell(18, state(0, 1));
        assertRunningEnabled(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeCrosvm(int chunk) throws ProtocolException {
        connect(3, chunk);
        tell(3, NONE);
        get(1, NONE, u64(OFFERED));
        tell(2, u64(OFFERED));
        get(15, NONE, u64(PROTOCOL));
        tell(16, u64(CONFIG | MQ | TestFrontend.BACKEND_REQ | REPLY_ACK));
        tell(21, NONE, eventFd());
        get(17, NONE, u64(3));
        getConfig(0, 8, 0);
        getConfig(24, 36, 0);
        for (int round = 0; round < 2; round++) {
            tell(2, u64(OFFERED));
            tell(5, table(TestRegion.standard()), memory());
            for (int i = 0; i < 3; i++) {
                tell(8, state(i, 1024));
                tell(9, ringAddr(i));
                tell(10, state(i, 0));
                tell(13, u64(i), eventFd());
                tell(12, u64(i), eventFd());
                tell(18, state(i, 1));
            }
            assertRunningEnabled(3);
            getConfig(40, 1, 0);
            for (int i = 0; i < 3; i++) {
                tell(18, state(i, 0));
                get(11, state(i, 0), state(i, 0));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeLibblkio(int chunk) throws ProtocolException {
        connect(2, chunk);
        tell(3, NONE);
        get(1, NONE, u64(OFFERED));
        get(15, NONE, u64(PROTOCOL));
        tell(16, u64(CONFIG | MQ | REPLY_ACK | MEM_SLOTS));
        f.flags = NEED_REPLY;
        get(36, NONE, u64(509));
        get(17, NONE, u64(2));
        getConfig(0, 60, 0);
        ack(2, u64(OFFERED));
        ack(37, region(TestRegion.standard()), memory());
        for (int i = 0; i < 2; i++) {
            ack(8, state(i, 128));
            ack(10, state(i, 0));
            ack(9, ringAddr(i));
            ack(12, u64(i), eventFd());
            ack(13, u64(i), eventFd());
            ack(18, state(i, 1));
        }
        assertRunningEnabled(2);
        // Its application's buffers come and go.
        ack(37, region(TestRegion.small(0)), memfd(0x1000));
        ack(38, region(TestRegion.small(0)));
        get(11, state(0, 0), state(0, 0));
        get(11, state(1, 0), state(1, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeSpdkInitiator(int chunk) throws ProtocolException {
        connect(2, chunk);
        tell(3, NONE);
        get(1, NONE, u64(OFFERED));
        tell(2, u64(FakeDevice.VERSION_1 | FakeDevice.EVENT_IDX | PROTOCOL_F));
        get(15, NONE, u64(PROTOCOL));
        tell(16, u64(MQ | CONFIG));
        getConfig(0, 256, 0);
        tell(18, state(0, 1));
        tell(18, state(1, 1));
        get(17, NONE, u64(2));
        tell(13, u64(0), eventFd());
        tell(13, u64(1), eventFd());
        // A message with a reply is its barrier behind the memory table.
        tell(5, table(TestRegion.standard()), memory());
        get(1, NONE, u64(OFFERED));
        for (int i = 0; i < 2; i++) {
            tell(8, state(i, 512));
            tell(10, state(i, 0));
            tell(9, ringAddr(i));
            tell(12, u64(i), eventFd());
        }
        assertRunningEnabled(2);
        tell(25, config(32, 1, 0, new byte[256]));
        get(11, state(0, 0), state(0, 0));
        get(11, state(1, 0), state(1, 0));
        tell(5, table(TestRegion.standard()), memory());
        get(1, NONE, u64(OFFERED));
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1})
    void shouldServeDpdkVirtioUser(int chunk) throws ProtocolException {
        connect(2, chunk);
        tell(3, NONE);
        get(1, NONE, u64(OFFERED));
        get(15, NONE, u64(PROTOCOL));
        tell(16, u64(MQ | REPLY_ACK | STATUS));
        get(17, NONE, u64(2));
        ack(39, u64(0));
        get(40, NONE, u64(0));
        ack(39, u64(1));
        ack(39, u64(3));
        for (int i = 0; i < 2; i++) {
            tell(13, u64(i), eventFd());
        }
        tell(2, u64(OFFERED));
        ack(39, u64(11));
        get(40, NONE, u64(11));
        ack(5, table(TestRegion.standard()), memory());
        for (int i = 0; i < 2; i++) {
            tell(8, state(i, 1024));
            tell(10, state(i, 0));
            tell(9, ringAddr(i));
            tell(12, u64(i), eventFd());
        }
        tell(18, state(0, 1));
        tell(18, state(1, 1));
        ack(39, u64(15));
        assertRunningEnabled(2);
        // Its memory grows: pause, a new table, go on.
        tell(18, state(0, 0));
        tell(18, state(1, 0));
        ack(5, table(TestRegion.standard(), TestRegion.small(0)), memory(), memfd(0x1000));
        tell(18, state(0, 1));
        tell(18, state(1, 1));
        assertRunningEnabled(2);
        // Stop: today's releases ask for the bases, older ones only disable and send RESET_OWNER.
        tell(18, state(0, 0));
        tell(18, state(1, 0));
        get(11, state(0, 0), state(0, 0));
        tell(4, NONE);
        ack(39, u64(0));
        assertTrue(f.host.running.isEmpty());
    }
}
