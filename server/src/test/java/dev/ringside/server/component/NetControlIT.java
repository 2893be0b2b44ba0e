package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.ControlQueue;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetIo;
import dev.ringside.frontend.NetLayout;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands over CTRL_VQ, right and wrong, where the front-end leaves that queue to the device. */
class NetControlIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final byte[] MAC = {0x02, 1, 2, 3, 4, 5};
    private static final byte[] OTHER = {0x02, 9, 8, 7, 6, 5};
    private static final int PAIRS = 2;
    private static final int NO_CLASS = 99;

    private TestServer server;
    private NetDriver driver;
    private ControlQueue control;

    @BeforeEach
    void startNic() throws Exception {
        server = TestServer.start(2);
        driver =
                server.nic("loopback", config -> config.withQueuePairs(PAIRS).withMac(MAC))
                        .start(
                                NetOptions.defaults()
                                        .pairs(PAIRS)
                                        .indirectEntries(64)
                                        .features(
                                                NetOptions.PLAIN_FEATURES
                                                        | NetOptions.OFFLOAD_FEATURES
                                                        | NetOptions.CONTROL_FEATURES));
        assertTrue(driver.has(NetSpec.F_CTRL_VQ));
        control = new ControlQueue(driver);
    }

    @AfterEach
    void stopNic() throws IOException {
        assertEquals(NetSpec.CTRL_OK, control.setPairs(PAIRS));
        assertEquals(NetSpec.CTRL_OK, control.rxMode(NetSpec.CTRL_RX_PROMISC, true));
        final NetLoadResult result =
                new NetLoad(driver, NetLoadOptions.verified(100, 16).frames(500)).run();
        driver.close();
        assertTrue(result.clean(), result.summary());
        assertTrue(server.healthy());
        server.close();
    }

    static Stream<NetLayout> layouts() {
        return Stream.of(
                NetLayout.headerApart(),
                NetLayout.together(),
                NetLayout.pieces(1),
                NetLayout.pieces(3).indirect(true),
                NetLayout.headerApart().indirect(true));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void shouldDoWhatItIsTold(final NetLayout layout) throws IOException {
        control.layout(layout);
        for (int pairs = 1; pairs <= PAIRS; pairs++) {
            assertEquals(NetSpec.CTRL_OK, control.setPairs(pairs));
            assertEquals(1, control.usedLength());
        }
        assertEquals(NetSpec.CTRL_OK, control.setMac(OTHER));
        for (int mode = NetSpec.CTRL_RX_PROMISC; mode <= NetSpec.CTRL_RX_NOBCAST; mode++) {
            assertEquals(NetSpec.CTRL_OK, control.rxMode(mode, true), "mode " + mode);
            assertEquals(NetSpec.CTRL_OK, control.rxMode(mode, false), "mode " + mode);
        }
        assertEquals(NetSpec.CTRL_OK, control.vlan(true, 7));
        assertEquals(NetSpec.CTRL_OK, control.vlan(false, 7));
        assertEquals(NetSpec.CTRL_OK, control.macTable(List.of(OTHER), List.of()));
        assertEquals(NetSpec.CTRL_OK, control.announceAck());
        assertEquals(NetSpec.CTRL_OK, control.guestOffloads(0));
        assertEquals(NetSpec.CTRL_OK, control.guestOffloads(1L << NetSpec.F_GUEST_CSUM));
    }

    @Test
    void shouldTellTheAddressThatItWasGiven() throws IOException {
        assertArrayEquals(MAC, driver.mac());
        assertEquals(NetSpec.CTRL_OK, control.setMac(OTHER));
        assertArrayEquals(
                OTHER, driver.protocol().getConfig(NetSpec.CONFIG_MAC, NetSpec.MAC_BYTES, 0));
    }

    @Test
    void shouldReceiveOnlyWhatItIsToldTo() throws IOException {
        control.setPairs(1);
        final NetIo io = new NetIo(driver, 0, NetIo.Shape.defaults());
        final byte[] mine = frameTo(MAC);
        final byte[] others = frameTo(OTHER);
        control.rxMode(NetSpec.CTRL_RX_PROMISC, false);
        io.send(NetHeader.PLAIN, others);
        io.send(NetHeader.PLAIN, mine);
        assertArrayEquals(mine, io.receive().frame());
        control.rxMode(NetSpec.CTRL_RX_PROMISC, true);
        io.send(NetHeader.PLAIN, others);
        assertArrayEquals(others, io.receive().frame());
        control.rxMode(NetSpec.CTRL_RX_PROMISC, false);
        control.setMac(OTHER);
        io.send(NetHeader.PLAIN, mine);
        io.send(NetHeader.PLAIN, others);
        assertArrayEquals(others, io.receive().frame());
        driver.restart();
    }

    private static byte[] frameTo(final byte[] mac) {
        final byte[] frame = Arrays.copyOf(mac, 80);
        frame[6] = 2;
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xb5;
        return frame;
    }

    @Test
    void shouldRefuseWhatIsWrong() throws IOException {
        assertEquals(NetSpec.CTRL_ERR, control.setPairs(0));
        assertEquals(NetSpec.CTRL_ERR, control.setPairs(PAIRS + 1));
        assertEquals(NetSpec.CTRL_ERR, control.setPairs(0xffff));
        assertEquals(NetSpec.CTRL_ERR, control.setMac(new byte[5]));
        assertEquals(NetSpec.CTRL_ERR, control.setMac());
        assertEquals(NetSpec.CTRL_ERR, control.vlan(true, 4096));
        assertEquals(NetSpec.CTRL_ERR, control.guestOffloads(-1));
        assertEquals(NetSpec.CTRL_ERR, control.command(NetSpec.CTRL_RX, 99, (byte) 1));
        assertEquals(NetSpec.CTRL_ERR, control.command(NO_CLASS, 0, (byte) 1));
        // More addresses than there is room for: the numbers must not be believed.
        assertEquals(
                NetSpec.CTRL_ERR,
                control.command(
                        NetSpec.CTRL_MAC,
                        NetSpec.CTRL_MAC_TABLE_SET,
                        new byte[] {-1, -1, -1, -1, 0, 0, 0, 0}));
    }

    @Test
    void shouldSurviveAnyBytes() throws IOException {
        final Random random = new Random(SEED);
        for (int i = 0; i < 3_000; i++) {
            final byte[] data = new byte[random.nextInt(64)];
            random.nextBytes(data);
            final int answer = control.command(random.nextInt(8), random.nextInt(4), data);
            assertTrue(
                    answer == NetSpec.CTRL_OK || answer == NetSpec.CTRL_ERR,
                    answer + ", seed " + SEED);
        }
        assertEquals(NetSpec.CTRL_OK, control.setPairs(PAIRS));
        assertEquals(NetSpec.CTRL_OK, control.guestOffloads(0));
    }

    @Test
    void shouldSurviveChainsThatAreNoCommands() throws IOException {
        final long memory = driver.memory().allocate(4096, 64);
        driver.memory().slice(memory, 4096).fill((byte) NO_CLASS);
        final List<DriverChain> chains =
                List.of(
                        new DriverChain().readable(memory, 2),
                        new DriverChain().readable(memory, 1),
                        new DriverChain().readable(memory, 1).writable(control.ackAddress(), 1),
                        new DriverChain().writable(control.ackAddress(), 1),
                        new DriverChain().readable(memory, 4096).writable(control.ackAddress(), 1));
        for (final DriverChain chain : chains) {
            assertNotEquals(NetSpec.CTRL_OK, control.exchange(chain));
        }
        assertEquals(NetSpec.CTRL_OK, control.setPairs(1));
        assertEquals(NetSpec.CTRL_OK, control.setPairs(PAIRS));
    }
}
