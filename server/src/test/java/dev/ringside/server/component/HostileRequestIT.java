package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkIo.Range;
import dev.ringside.frontend.BlkIo.Split;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that are wrong, or right in unusual ways; the queue survives each of them. */
class HostileRequestIT extends Hostile {
    private static final int DATA_BYTES = 16 << 10;
    private static final long SECTORS = 8 * TestServer.MIB / 512;

    private BlkIo io(final BlkDriver driver) {
        return new BlkIo(driver, 0, 64 << 10);
    }

    private static void assertServes(final BlkIo io) throws Exception {
        assertEquals(BlkSpec.S_OK, io.split(Split.PLAIN).read(0, new byte[512]));
        assertEquals(513, io.usedLength());
    }

    static Stream<Split> splits() {
        return Stream.of(
                Split.PLAIN,
                new Split(8, 0, false, false),
                new Split(1, 512, false, false),
                new Split(16, 1000, false, false),
                new Split(5, 777, false, true),
                new Split(16, 0, true, true),
                new Split(16, 333, true, true),
                new Split(16, 4096, true, true));
    }

    @ParameterizedTest
    @MethodSource("splits")
    void shouldServeRequestsCutInAnyWay(final Split split) throws Exception {
        final byte[] data = new byte[DATA_BYTES];
        new Random(SEED).nextBytes(data);
        try (BlkDriver driver = victim().start(BlkOptions.defaults().indirectEntries(100))) {
            final BlkIo io = io(driver).split(split);
            for (final boolean indirect : new boolean[] {false, true}) {
                io.indirect(indirect);
                data[0]++;
                final byte[] back = new byte[DATA_BYTES];
                assertEquals(BlkSpec.S_OK, io.write(9, data));
                assertEquals(1, io.usedLength());
                assertEquals(BlkSpec.S_OK, io.read(9, back));
                assertEquals(DATA_BYTES + 1, io.usedLength());
                assertArrayEquals(data, back, "seed " + SEED);
                assertEquals(BlkSpec.S_OK, io.flush());
            }
        }
    }

    @Test
    void shouldFailRequestsThatLieOutsideTheDisk() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = io(driver);
            final long[] sectors = {
                SECTORS, SECTORS - 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 55, -SECTORS
            };
            for (final long sector : sectors) {
                assertEquals(BlkSpec.S_IOERR, io.read(sector, new byte[1024]), "at " + sector);
                assertEquals(BlkSpec.S_IOERR, io.write(sector, new byte[1024]), "at " + sector);
            }
            assertServes(io);
        }
    }

    @Test
    void shouldRefuseTypesItDoesNotKnow() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = io(driver);
            for (final int type : new int[] {2, 3, 5, 7, 99, -1, 1 << 31}) {
                assertEquals(BlkSpec.S_UNSUPP, io.request(type, 0, 512, true), "type " + type);
            }
            assertServes(io);
        }
    }

    @Test
    void shouldFailDataThatIsNoMultipleOfASector() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = io(driver);
            for (final int bytes : new int[] {1, 511, 513, 1000}) {
                assertNotEquals(BlkSpec.S_OK, io.request(BlkSpec.T_IN, 0, bytes, true));
                assertNotEquals(BlkSpec.S_OK, io.request(BlkSpec.T_OUT, 0, bytes, false));
            }
            assertServes(io);
        }
    }

    @Test
    void shouldFailRangesThatAreWrong() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = io(driver);
            for (final int type : new int[] {BlkSpec.T_DISCARD, BlkSpec.T_WRITE_ZEROES}) {
                assertNotEquals(BlkSpec.S_OK, io.ranges(type, new Range(SECTORS, 1, 0)));
                assertNotEquals(BlkSpec.S_OK, io.ranges(type, new Range(-1, 8, 0)));
                assertNotEquals(BlkSpec.S_OK, io.ranges(type, new Range(0, -1, 0)));
                assertNotEquals(BlkSpec.S_OK, io.ranges(type, new Range(Long.MAX_VALUE, -1, 0)));
                assertNotEquals(BlkSpec.S_OK, io.ranges(type, new Range(0, 8, -1)), "flags");
                assertNotEquals(BlkSpec.S_OK, io.request(type, 0, 15, false), "cut range");
                assertNotEquals(
                        BlkSpec.S_OK,
                        io.ranges(type, new Range(0, 8, 0), new Range(SECTORS, 8, 0)),
                        "one of two");
            }
            assertNotEquals(
                    BlkSpec.S_OK,
                    io.ranges(BlkSpec.T_DISCARD, new Range(0, 8, BlkSpec.WRITE_ZEROES_FLAG_UNMAP)));
            assertServes(io);
        }
    }

    @Test
    void shouldZeroWhatWriteZeroesNames() throws Exception {
        final byte[] data = new byte[8 * 512];
        new Random(SEED).nextBytes(data);
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = io(driver);
            assertEquals(BlkSpec.S_OK, io.write(100, data));
            assertEquals(
                    BlkSpec.S_OK,
                    io.ranges(
                            BlkSpec.T_WRITE_ZEROES,
                            new Range(101, 2, 0),
                            new Range(105, 1, BlkSpec.WRITE_ZEROES_FLAG_UNMAP)));
            java.util.Arrays.fill(data, 512, 3 * 512, (byte) 0);
            java.util.Arrays.fill(data, 5 * 512, 6 * 512, (byte) 0);
            final byte[] back = new byte[data.length];
            assertEquals(BlkSpec.S_OK, io.read(100, back));
            assertArrayEquals(data, back, "seed " + SEED);
        }
    }

    @Test
    void shouldReturnChainsThatAreNoRequests() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = io(driver);
            final long page = io.controlAddress();
            final long status = page + 512;
            io.writeHeader(page, BlkSpec.T_IN, 0);
            final DriverChain[] chains = {
                new DriverChain().readable(page, 8).writable(status, 1),
                new DriverChain().readable(page, 15).writable(status, 1),
                new DriverChain().readable(page, 16).writable(io.bufferAddress(), 512),
                new DriverChain().readable(page, 16).readable(status, 1),
                new DriverChain().readable(page, 16),
                new DriverChain().writable(status, 1),
                new DriverChain().writable(io.bufferAddress(), 4096),
            };
            for (final DriverChain chain : chains) {
                // Whether a status could be written or not: the chain must come back.
                final int answer = io.execute(chain, status);
                assertNotEquals(BlkSpec.S_OK, answer, chain.count() + " buffers");
            }
            assertServes(io);
        }
    }

    @Test
    void shouldLeaveNoBytesUnwrittenThatItSaysItWrote() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = io(driver);
            assertEquals(BlkSpec.S_OK, io.request(BlkSpec.T_GET_ID, 0, BlkSpec.ID_BYTES, true));
            assertEquals(BlkSpec.ID_BYTES + 1, io.usedLength());
            assertEquals("", io.id(), "padding is zero");
        }
    }
}
