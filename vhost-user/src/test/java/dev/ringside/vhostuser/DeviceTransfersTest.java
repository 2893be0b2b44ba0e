package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.bytes;
import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceTransfersTest {
    private static final int SET_DEVICE_STATE_FD = 42;
    private static final int CHECK_DEVICE_STATE = 43;
    private static final byte[] SAVE = parameters(0, 0);
    private static final byte[] LOAD = parameters(1, 0);
    private static final long ACCEPTED = 0x100;
    private static final long REFUSED = 0x101;

    private TestFrontend f;
    private UnixSocket ours;
    private Fd theirs;

    @BeforeEach
    void start() throws Exception {
        f = TestFrontend.negotiated(1);
        UnixSocket[] pair = UnixSocket.pair();
        ours = pair[0];
        theirs = pair[1].fd();
    }

    @AfterEach
    void end() {
        f.close();
        ours.close();
        assertTrue(!theirs.isOpen(), "the session closes what it was given");
    }

    private static byte[] parameters(int direction, int phase) {
        return bytes(8).putInt(direction).putInt(phase).array();
    }

    private void ready() {
        Objects.requireNonNull(f.host.transferReady).run();
    }

    private void write(byte[] state) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(state.length);
            MemorySegment.copy(state, 0, from, ValueLayout.JAVA_BYTE, 0, state.length);
            for (long done = 0; done < state.length; ) {
                int sent = ours.send(from.asSlice(done), List.of());
                if (sent < 0) {
                    ready();
                } else {
                    done += sent;
                }
            }
        }
    }

    private byte[] readAll() throws LinuxException {
        try (Arena arena = Arena.ofConfined();
                ReceivedFds fds = new ReceivedFds()) {
            MemorySegment into = arena.allocate(1000);
            int count = ours.receive(into, fds);
            byte[] state = into.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
            assertEquals(0, ours.receive(into, fds), "the end");
            return state;
        }
    }

    @Test
    void shouldWriteTheStateAndCloseWhenSaving() throws Exception {
        f.device.state = new byte[] {9, 8, 7};

        assertEquals(ACCEPTED, f.askU64(SET_DEVICE_STATE_FD, SAVE, theirs));
        ready();

        assertArrayEquals(new byte[] {9, 8, 7}, readAll());
        assertEquals(0, f.askU64(CHECK_DEVICE_STATE, new byte[0]));
    }

    @Test
    void shouldTakeTheStateWhenItsEndIsSeen() throws Exception {
        assertEquals(ACCEPTED, f.askU64(SET_DEVICE_STATE_FD, LOAD, theirs));
        write(new byte[] {4});
        ready();
        write(new byte[] {5, 6});
        ours.close();

        assertEquals(0, f.askU64(CHECK_DEVICE_STATE, new byte[0]));

        assertArrayEquals(new byte[] {4, 5, 6}, f.device.state);
        assertEquals(null, f.host.transferReady);
    }

    @Test
    void shouldSayWhyWhenDeviceRefusesTheState() throws Exception {
        f.askU64(SET_DEVICE_STATE_FD, LOAD, theirs);
        write(new byte[] {FakeDevice.REFUSED_STATE});
        ours.close();
        ready();

        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));

        assertEquals(
                "CHECK_DEVICE_STATE: device state not transferred: refused",
                f.host.refusals.getLast());
        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));
    }

    @Test
    void shouldChangeNothingWhenStateIsTooLong() throws Exception {
        byte[] before = f.device.state;
        f.askU64(SET_DEVICE_STATE_FD, LOAD, theirs);
        write(new byte[70_000]);
        ours.close();

        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));

        assertArrayEquals(before, f.device.state);
    }

    @Test
    void shouldNotWaitWhenFrontEndAsksBeforeItClosed() throws Exception {
        byte[] before = f.device.state;
        f.askU64(SET_DEVICE_STATE_FD, LOAD, theirs);
        write(new byte[] {1});

        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));

        assertTrue(f.host.refusals.getLast().contains("still open"));
        assertArrayEquals(before, f.device.state);
    }

    @Test
    void shouldSayFailureWhenReaderHasGone() throws Exception {
        f.askU64(SET_DEVICE_STATE_FD, SAVE, theirs);
        ours.close();
        ready();

        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));
    }

    @Test
    void shouldRefuseWhileARingRuns() throws Exception {
        f.setMemory();
        f.startRing(0);

        assertEquals(REFUSED, f.askU64(SET_DEVICE_STATE_FD, SAVE, theirs));
        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));
    }

    @Test
    void shouldChangeNothingWhenRingStartsBeforeTheStateIsThere() throws Exception {
        byte[] before = f.device.state;
        f.askU64(SET_DEVICE_STATE_FD, LOAD, theirs);
        f.setMemory();
        f.startRing(0);
        ours.close();
        ready();

        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));
        assertArrayEquals(before, f.device.state);
    }

    @Test
    void shouldForgetTheTransferBeforeWhenAnotherBegins() throws Exception {
        f.askU64(SET_DEVICE_STATE_FD, LOAD, theirs);
        UnixSocket[] pair = UnixSocket.pair();

        assertEquals(ACCEPTED, f.askU64(SET_DEVICE_STATE_FD, SAVE, pair[1].fd()));

        assertTrue(!theirs.isOpen());
        ready();
        assertEquals(0, f.askU64(CHECK_DEVICE_STATE, new byte[0]));
        pair[0].close();
    }

    @ParameterizedTest
    @CsvSource({"2, 0, 8", "-1, 0, 8", "0, 1, 8", "1, -1, 8", "0, 0, 0", "0, 0, 4", "0, 0, 16"})
    void shouldRefuseWhatTheSpecificationDoesNotHave(int direction, int phase, int size)
            throws Exception {
        byte[] payload = Arrays.copyOf(parameters(direction, phase), size);

        assertEquals(REFUSED, f.askU64(SET_DEVICE_STATE_FD, payload, theirs));

        assertTrue(f.session.idle());
    }

    @Test
    void shouldRefuseDescriptorsThatAreNoChannel() throws Exception {
        assertEquals(REFUSED, f.askU64(SET_DEVICE_STATE_FD, SAVE, memfd(4096)));
        assertEquals(REFUSED, f.askU64(SET_DEVICE_STATE_FD, SAVE));
        assertEquals(REFUSED, f.askU64(SET_DEVICE_STATE_FD, SAVE, theirs, memfd(4096)));
        assertEquals(1, f.askU64(CHECK_DEVICE_STATE, new byte[0]));
    }

    @Test
    void shouldRefuseWhenFeatureWasNotNegotiated() throws Exception {
        try (TestFrontend other = new TestFrontend(1)) {
            assertEquals(REFUSED, other.askU64(SET_DEVICE_STATE_FD, SAVE, theirs));
            assertEquals(1, other.askU64(CHECK_DEVICE_STATE, u64(0)));
        }
    }
}
