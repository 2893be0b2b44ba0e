package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetIo;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.server.component.TestServer.Nic;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A NIC is started in every way that real front-ends start it, and moves frames then. */
class NetStartIT {
    private static final byte[] MAC = {0x02, 1, 2, 3, 4, 5};
    private static final int FRAMES = 2_000;

    private TestServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = TestServer.start(2);
    }

    @AfterEach
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private void assertLoops(final NetDriver driver, final NetLoadOptions load) throws IOException {
        final NetLoadResult result = new NetLoad(driver, load.frames(FRAMES)).run();
        assertTrue(result.clean(), () -> result.summary() + server.counters("drop"));
        assertEquals(FRAMES, result.received());
    }

    @ParameterizedTest
    @EnumSource(StartOrder.class)
    void shouldReturnFramesWhenStartedInAnyOrder(final StartOrder order) throws Exception {
        final int pairs = order == StartOrder.FIRECRACKER ? 1 : 4;
        final Nic nic = server.nic("loopback", config -> config.withQueuePairs(4));
        try (NetDriver driver = nic.start(NetOptions.defaults().order(order).pairs(pairs))) {
            // Some orders wait for no answer: until its rings are enabled the NIC drops frames.
            driver.protocol().getFeatures();
            assertLoops(driver, NetLoadOptions.verified(100, 16));
        }
    }

    static Stream<NetOptions> features() {
        final NetOptions all =
                NetOptions.defaults()
                        .features(NetOptions.PLAIN_FEATURES | NetOptions.OFFLOAD_FEATURES);
        final NetOptions plain = NetOptions.defaults();
        return Stream.of(
                all,
                plain,
                plain.without(VirtioSpec.F_EVENT_IDX),
                plain.without(NetSpec.F_MRG_RXBUF),
                plain.without(VirtioSpec.F_VERSION_1),
                plain.without(VirtioSpec.F_VERSION_1).without(NetSpec.F_MRG_RXBUF),
                plain.with(VirtioSpec.F_IN_ORDER),
                all.with(VirtioSpec.F_RING_PACKED),
                plain.with(VirtioSpec.F_RING_PACKED).with(VirtioSpec.F_IN_ORDER),
                plain.with(VirtioSpec.F_RING_PACKED)
                        .without(VirtioSpec.F_EVENT_IDX)
                        .without(NetSpec.F_MRG_RXBUF)
                        .queueSize(100));
    }

    @ParameterizedTest
    @MethodSource("features")
    void shouldReturnFramesWithAnyFeatures(final NetOptions options) throws Exception {
        try (NetDriver driver = server.nic("loopback").start(options)) {
            assertLoops(driver, NetLoadOptions.verified(100, 16).sizes(60, 1514));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 256, 1024, 32_768})
    void shouldReturnFramesWithRingsOfAnySize(final int size) throws Exception {
        try (NetDriver driver =
                server.nic("loopback").start(NetOptions.defaults().queueSize(size))) {
            final int depth = Math.min(size / 2, 1024);
            assertLoops(driver, NetLoadOptions.verified(100, depth));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSwallowAndGenerate(final boolean polled) throws Exception {
        try (NetDriver driver = server.nic("null").start(NetOptions.defaults())) {
            final NetLoadResult result =
                    new NetLoad(driver, NetLoadOptions.sink(64, 64).polled(polled).frames(10_000))
                            .run();
            assertEquals(10_000, result.sent());
        }
        try (NetDriver driver = server.nic("generator:size=300").start(NetOptions.defaults())) {
            final NetLoadResult result =
                    new NetLoad(driver, NetLoadOptions.source(64).polled(polled).frames(10_000))
                            .run();
            assertTrue(result.received() >= 10_000, result.summary());
            assertEquals(result.received() * 300, result.receivedBytes());
            assertEquals(0, result.altered());
        }
    }

    @Test
    void shouldTellWhatItIs() throws Exception {
        final Nic nic =
                server.nic(
                        "loopback", config -> config.withQueuePairs(3).withMac(MAC).withMtu(9000));
        try (NetDriver driver = nic.start(NetOptions.defaults())) {
            assertArrayEquals(MAC, driver.mac());
            assertTrue(driver.linkUp());
            assertEquals(3, driver.config().getShort(NetSpec.CONFIG_MAX_VIRTQUEUE_PAIRS));
            assertEquals(9000, driver.config().getShort(NetSpec.CONFIG_MTU));
            nic.device().setLink(false);
            driver.awaitConfigChange();
            assertEquals(false, driver.linkUp());
        }
    }

    @Test
    void shouldServeOneFrontEndAfterTheOther() throws Exception {
        final Nic nic = server.nic("loopback");
        for (int i = 0; i < 20; i++) {
            try (NetDriver driver = nic.start(NetOptions.defaults())) {
                assertLoops(driver, NetLoadOptions.verified(100, 16));
            }
        }
    }

    @Test
    void shouldTakeRarpAndMtu() throws Exception {
        try (NetDriver driver = server.nic("loopback").start(NetOptions.defaults())) {
            driver.protocol().needReply(true);
            driver.protocol().netSetMtu(1400);
            final NetIo io = new NetIo(driver, 0, NetIo.Shape.defaults());
            driver.protocol().sendRarp(MAC);
            driver.protocol().needReply(false);
            // The loopback returns what the NIC told its network.
            final byte[] rarp = io.receive().frame();
            final byte[] everybody = new byte[6];
            Arrays.fill(everybody, (byte) 0xff);
            assertArrayEquals(everybody, Arrays.copyOf(rarp, 6));
            assertArrayEquals(MAC, Arrays.copyOfRange(rarp, 6, 12));
            assertArrayEquals(new byte[] {(byte) 0x80, 0x35}, Arrays.copyOfRange(rarp, 12, 14));
            final byte[] frame = new byte[60];
            Arrays.fill(frame, (byte) 7);
            io.send(NetHeader.PLAIN, frame);
            assertArrayEquals(frame, io.receive().frame());
        }
    }
}
