package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetIo;
import dev.ringside.frontend.NetIo.Received;
import dev.ringside.frontend.NetIo.Shape;
import dev.ringside.frontend.NetLayout;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Headers, chains and buffers that no honest driver makes, on a NIC beside a healthy one and a
 * healthy disk. What comes through has to be what the driver accepted, and within its buffers.
 */
class NetHostileIT extends HostileNics {
    private static final int[] EXTREMES = {
        0, 1, 13, 14, 33, 34, 53, 54, 59, 60, 61, 198, 199, 200, 201, 0x7fff, 0x8000, 0xffff
    };
    private static final int QUIET_NS = 5_000_000;

    private static byte[] frame(final int length) {
        final byte[] frame = new byte[length];
        new Random(SEED + length).nextBytes(frame);
        return frame;
    }

    private static void assertServes(final NetIo io) throws IOException {
        io.send(NetHeader.PLAIN, frame(333));
        final Received received = io.receive();
        assertArrayEquals(frame(333), received.frame());
        assertTrue(received.clean());
    }

    /** Takes whatever came of a frame, and looks whether the driver could bear it. */
    private static void drain(final NetIo io, final long features) throws IOException {
        // The plain frame is the last: whatever else came of the hostile one is before it.
        io.send(NetHeader.PLAIN, frame(77));
        for (Received received = io.receive(); ; received = io.receive()) {
            assertTrue(received.clean(), "bytes outside the frame, seed " + SEED);
            assertBearable(received, features);
            if (Arrays.equals(received.frame(), frame(77))) {
                return;
            }
        }
    }

    private static void assertBearable(final Received received, final long features) {
        final NetHeader header = received.header();
        final String what = header + ", " + received.frame().length + " bytes, seed " + SEED;
        if ((header.flags() & NetSpec.HDR_F_NEEDS_CSUM) != 0) {
            assertTrue(has(features, NetSpec.F_GUEST_CSUM), what);
            final int end = header.csumStart() + header.csumOffset() + 2;
            assertTrue(end <= received.frame().length, what);
        }
        final int type = header.gsoType() & ~NetSpec.GSO_ECN;
        if (type != NetSpec.GSO_NONE) {
            assertNotEquals(0, header.gsoSize(), what);
            assertTrue(header.hdrLen() <= received.frame().length, what);
            assertNotEquals(0, header.flags() & NetSpec.HDR_F_NEEDS_CSUM, what);
        }
        switch (type) {
            case NetSpec.GSO_NONE -> {}
            case NetSpec.GSO_TCPV4 -> assertTrue(has(features, NetSpec.F_GUEST_TSO4), what);
            case NetSpec.GSO_TCPV6 -> assertTrue(has(features, NetSpec.F_GUEST_TSO6), what);
            case NetSpec.GSO_UDP -> assertTrue(has(features, NetSpec.F_GUEST_UFO), what);
            case NetSpec.GSO_UDP_L4 ->
                    assertTrue(
                            has(features, NetSpec.F_GUEST_USO4)
                                    || has(features, NetSpec.F_GUEST_USO6),
                            what);
            default -> throw new AssertionError("unknown kind of segmentation: " + what);
        }
        if ((header.gsoType() & NetSpec.GSO_ECN) != 0) {
            assertTrue(has(features, NetSpec.F_GUEST_ECN), what);
        }
    }

    private static boolean has(final long features, final int bit) {
        return (features >>> bit & 1) != 0;
    }

    private static Shape deep() {
        return Shape.defaults().receive(200, 2048, NetLayout.together());
    }

    @Test
    void shouldBearEachHeaderFieldAtItsExtremes() throws Exception {
        try (NetDriver driver = nic().start(OFFLOADS)) {
            final NetIo io = new NetIo(driver, 0, deep());
            for (final int x : EXTREMES) {
                for (final int y : EXTREMES) {
                    io.send(NetHeader.checksum(x, y), frame(200));
                    drain(io, driver.features());
                }
                for (final int type : new int[] {1, 3, 4, 5, 0x81, 0x84}) {
                    io.send(NetHeader.segmented(type, x, 100, 34, 16), frame(200));
                    io.send(NetHeader.segmented(type, 54, x, 34, 16), frame(200));
                    io.send(NetHeader.segmented(type, 54, 100, x, 16), frame(200));
                    io.send(NetHeader.segmented(type, 54, 100, 34, x), frame(200));
                    drain(io, driver.features());
                }
                io.send(NetHeader.PLAIN.numBuffers(x), frame(200));
                drain(io, driver.features());
            }
            for (int type = 0; type < 256; type++) {
                io.send(NetHeader.segmented(type, 54, 100, 34, 16), frame(200));
                io.send(new NetHeader(type, 0, 0, 0, 34, 16, 0, 0, 0), frame(200));
                io.send(new NetHeader(0, type, 54, 100, 34, 16, 0, 0, 0), frame(200));
                drain(io, driver.features());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 1L << NetSpec.F_CSUM, 1L << NetSpec.F_GUEST_CSUM, 0x5555_5555L})
    void shouldBearAnyHeaderWithAnyOffloads(final long offloads) throws Exception {
        final NetOptions options =
                OFFLOADS.features(
                        NetOptions.PLAIN_FEATURES | (NetOptions.OFFLOAD_FEATURES & offloads));
        final Random random = new Random(SEED);
        try (NetDriver driver = nic().start(options.without(NetSpec.F_MTU))) {
            final NetIo io = new NetIo(driver, 0, deep());
            for (int i = 0; i < 3_000; i++) {
                final byte[] header = new byte[driver.headerBytes()];
                random.nextBytes(header);
                if (random.nextBoolean()) {
                    header[0] &= 3;
                    header[1] &= (byte) 0x85;
                    Arrays.fill(header, 3, 10, (byte) 0);
                }
                io.send(header, plausible(random));
                drain(io, driver.features());
            }
        }
    }

    // Often something that looks like TCP or UDP over IP, cut anywhere.
    private static byte[] plausible(final Random random) {
        final byte[] frame = new byte[random.nextInt(0, 1500)];
        random.nextBytes(frame);
        if (frame.length > 60 && random.nextInt(4) != 0) {
            final boolean six = random.nextBoolean();
            frame[12] = (byte) (six ? 0x86 : 0x08);
            frame[13] = (byte) (six ? 0xdd : 0);
            frame[14] = (byte) (six ? 0x60 : 0x45 + random.nextInt(3));
            frame[six ? 20 : 23] = (byte) (random.nextBoolean() ? 6 : 17);
        }
        return frame;
    }

    @Test
    void shouldDropChainsOfAnyWrongLength() throws Exception {
        try (NetDriver driver = nic().start(OFFLOADS)) {
            final NetIo io = new NetIo(driver, 0, deep());
            final long memory = driver.memory().allocate(128 << 10, 4096);
            for (int length = 1; length < 12 + 14; length++) {
                io.exchange(new DriverChain().readable(memory, length));
                io.exchange(new DriverChain().readable(memory, 1).readable(memory + 50, length));
            }
            io.exchange(new DriverChain().readable(memory, 128 << 10));
            io.exchange(
                    new DriverChain()
                            .readable(memory, 12)
                            .readable(memory, 128 << 10)
                            .readable(memory, 128 << 10));
            // A frame of 26 bytes is one; the two longest lengths above made a few of those.
            drain(io, driver.features());
            assertServes(io);
        }
    }

    @Test
    void shouldBearTransmitChainsForTheDeviceToWrite() throws Exception {
        try (NetDriver driver = nic().start(OFFLOADS)) {
            final NetIo io = new NetIo(driver, 0, deep());
            final long memory = driver.memory().allocate(4096, 4096);
            final MemorySegment bytes = driver.memory().slice(memory, 4096);
            io.exchange(new DriverChain().writable(memory, 100));
            io.exchange(new DriverChain().readable(memory, 12).writable(memory + 12, 100));
            io.exchange(new DriverChain().readable(memory, 100).writable(memory + 100, 100));
            for (final byte b : bytes.toArray(ValueLayout.JAVA_BYTE)) {
                assertEquals(0, b, "the device wrote into a transmit chain");
            }
            drain(io, driver.features());
            assertServes(io);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void shouldBearReceiveBuffersThatAreNone(final int kind) throws Exception {
        try (NetDriver driver = nic().start(OFFLOADS)) {
            final NetIo io = new NetIo(driver, 0, deep().postedByHand());
            final long memory = driver.memory().allocate(4096, 4096);
            final DriverChain chain =
                    switch (kind) {
                        case 0 -> new DriverChain().readable(memory, 2000);
                        case 1 -> new DriverChain().writable(memory, 1);
                        case 2 -> new DriverChain().writable(memory, 11);
                        default ->
                                new DriverChain().readable(memory, 100).writable(memory + 100, 5);
                    };
            driver.receiveq(0).add(chain);
            driver.receiveq(0).publishAndKick();
            io.submit(NetHeader.PLAIN, frame(200));
            Await.until(
                    "the useless buffer comes back empty",
                    () -> driver.receiveq(0).usedCount() == 1);
            driver.receiveq(0).pollUsed();
            assertEquals(0, driver.receiveq(0).usedLength());
            io.post(4);
            assertArrayEquals(frame(200), io.receive().frame());
            io.awaitSent();
            assertServes(io);
        }
    }

    @Test
    void shouldKeepQuietWithoutRoomAndLetGo() throws Exception {
        for (int i = 0; i < 5; i++) {
            try (NetDriver driver = nic().start(OFFLOADS)) {
                final NetIo io = new NetIo(driver, 0, deep().postedByHand());
                io.submit(NetHeader.PLAIN, frame(200));
                assertNull(io.receive(QUIET_NS));
                netNeighbour().assertGoesOn();
                assertEquals(1, io.sending());
                if (i % 2 == 0) {
                    // The frame waits in the ring: stopping gives it back to the driver.
                    driver.stop();
                }
            }
        }
    }

    @Test
    void shouldReadEachHeaderOnceWhileItChanges() throws Exception {
        try (NetDriver driver = nic().start(OFFLOADS)) {
            final NetIo io = new NetIo(driver, 0, deep());
            final long memory = driver.memory().allocate(4096, 4096);
            final MemorySegment bytes = driver.memory().slice(memory, 4096);
            final AtomicBoolean stop = new AtomicBoolean();
            final Thread flipper =
                    Thread.ofPlatform()
                            .daemon()
                            .start(
                                    () -> {
                                        final Random random = new Random(SEED);
                                        while (!stop.get()) {
                                            bytes.set(
                                                    ValueLayout.JAVA_LONG,
                                                    0,
                                                    random.nextLong() & 0xffff_ffff_ffff_8501L);
                                            bytes.set(
                                                    ValueLayout.JAVA_SHORT,
                                                    8,
                                                    (short) random.nextInt(250));
                                        }
                                    });
            try {
                for (int i = 0; i < 2_000; i++) {
                    io.exchange(new DriverChain().readable(memory, 12 + 200));
                    drain(io, driver.features());
                }
            } finally {
                stop.set(true);
                flipper.join();
            }
        }
    }
}
