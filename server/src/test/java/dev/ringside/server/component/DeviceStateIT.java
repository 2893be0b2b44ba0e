package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.ControlQueue;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Devices' own state on its way from one back-end to another, through the front-end. */
class DeviceStateIT {
    private static final byte[] OTHER_MAC = {2, 0, 0, 0, 0, 9};
    private static final long WAIT_NS = 10_000_000_000L;

    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.start(1);
    }

    @AfterEach
    void stop() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private static byte[] save(final FrontendProtocol protocol) throws IOException {
        final UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket ours = pair[0];
                UnixSocket theirs = pair[1];
                Epoll epoll = Epoll.create();
                Arena arena = Arena.ofConfined();
                ReceivedFds none = new ReceivedFds()) {
            protocol.setDeviceStateFd(VhostUserSpec.TRANSFER_SAVE, theirs.fd());
            theirs.fd().close();
            final MemorySegment into = arena.allocate(1 << 17);
            epoll.add(ours.fd().number(), Epoll.IN, 0);
            long count = 0;
            while (true) {
                final int got = ours.receive(into.asSlice(count), none);
                if (got == 0) {
                    break;
                }
                if (got < 0) {
                    assertTrue(epoll.await(WAIT_NS) > 0, "the state comes, or its end");
                    continue;
                }
                count += got;
            }
            protocol.checkDeviceState();
            return into.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static void load(final FrontendProtocol protocol, final byte[] state)
            throws IOException {
        final UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket ours = pair[0];
                UnixSocket theirs = pair[1];
                Arena arena = Arena.ofConfined()) {
            protocol.setDeviceStateFd(VhostUserSpec.TRANSFER_LOAD, theirs.fd());
            final MemorySegment from = arena.allocate(state.length);
            MemorySegment.copy(state, 0, from, ValueLayout.JAVA_BYTE, 0, state.length);
            assertEquals(state.length, ours.send(from, List.of()));
            ours.fd().close();
            protocol.checkDeviceState();
        }
    }

    @Test
    void shouldKeepTheWriteCacheModeWhenDiskGoesOnElsewhere() throws Exception {
        final TestServer.Disk source = server.disk("memory:size=1M", 1);
        final TestServer.Disk target = server.disk("memory:size=1M", 1);
        try (BlkDriver from = source.start(BlkOptions.defaults());
                BlkDriver to = target.start(BlkOptions.defaults())) {
            from.protocol().setConfig(BlkSpec.CONFIG_WCE, 0, (byte) 0);
            from.stop();
            to.stop();

            load(to.protocol(), save(from.protocol()));

            assertArrayEquals(new byte[] {0}, to.protocol().getConfig(BlkSpec.CONFIG_WCE, 1, 0));
            to.activate();
            assertEquals(BlkSpec.S_OK, new BlkIo(to, 0, 4096).read(0, new byte[512]));
        }
    }

    @Test
    void shouldKeepWhatTheDriverChoseWhenNicGoesOnElsewhere() throws Exception {
        final TestServer.Nic source = server.nic("loopback");
        final TestServer.Nic target = server.nic("loopback");
        final NetOptions options =
                NetOptions.defaults()
                        .features(
                                NetOptions.PLAIN_FEATURES
                                        | NetOptions.CONTROL_FEATURES
                                        | VhostUserSpec.bit(NetSpec.F_MAC));
        try (NetDriver from = source.start(options);
                NetDriver to = target.start(options)) {
            final ControlQueue control = new ControlQueue(from);
            assertEquals(NetSpec.CTRL_OK, control.setMac(OTHER_MAC));
            assertEquals(NetSpec.CTRL_OK, control.rxMode(NetSpec.CTRL_RX_PROMISC, false));
            from.stop();
            to.stop();
            final byte[] saved = save(from.protocol());

            load(to.protocol(), saved);

            assertArrayEquals(saved, save(to.protocol()));
            assertArrayEquals(
                    OTHER_MAC, to.protocol().getConfig(NetSpec.CONFIG_MAC, NetSpec.MAC_BYTES, 0));
        }
    }

    @Test
    void shouldChangeNothingWhenStateIsHostile() throws Exception {
        final TestServer.Disk disk = server.disk("memory:size=1M", 1);
        final TestServer.Nic nic = server.nic("loopback");
        try (Neighbour neighbour = Neighbour.start(server);
                BlkDriver driver = disk.start(BlkOptions.defaults());
                NetDriver other = nic.start(NetOptions.defaults())) {
            driver.stop();
            other.stop();
            final byte[] before = save(driver.protocol());
            final byte[] alien = save(other.protocol());
            final byte[] broken = before.clone();
            broken[4]++;
            for (final byte[] state : List.of(alien, broken, new byte[1 << 15], new byte[1])) {
                assertThrows(NegativeReplyException.class, () -> load(driver.protocol(), state));
            }

            assertArrayEquals(before, save(driver.protocol()));
            driver.activate();
            assertEquals(BlkSpec.S_OK, new BlkIo(driver, 0, 4096).read(0, new byte[512]));
            neighbour.assertGoesOn();
        }
    }
}
