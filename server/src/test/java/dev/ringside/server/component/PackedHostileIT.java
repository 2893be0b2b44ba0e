package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.RawPackedRing;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.shm.EventFd;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that writes into its packed ring what it likes. */
class PackedHostileIT extends Hostile {
    private static final int SIZE = 100;
    private static final int NEXT = VirtioSpec.DESC_F_NEXT;
    private static final int WRITE = VirtioSpec.DESC_F_WRITE;
    private static final int INDIRECT = VirtioSpec.DESC_F_INDIRECT;
    private static final int AVAIL = VirtioSpec.PACKED_DESC_F_AVAIL;

    private static BlkOptions packed() {
        return BlkOptions.defaults().with(VirtioSpec.F_RING_PACKED).queueSize(SIZE);
    }

    /** What an attack has at hand: guest addresses of a header, a page of data, a status byte. */
    private record Scene(BlkDriver driver, RawPackedRing ring, long header, long data) {
        long status() {
            return header + 512;
        }

        long table() {
            return data + 4096;
        }

        void put(final int slot, final long address, final int length, final int id, final int f) {
            ring.descriptor(slot, address, length, id, f | AVAIL);
        }
    }

    /** Writes descriptors from the first one on, the first one last. */
    private interface Attack {
        void write(Scene scene);
    }

    private static Arguments attack(final String name, final Attack attack) {
        return Arguments.of(name, attack);
    }

    static Stream<Arguments> attacks() {
        return Stream.of(
                attack(
                        "a chain without an end",
                        s -> {
                            for (int i = SIZE - 1; i >= 0; i--) {
                                s.put(i, s.header(), 16, i, NEXT);
                            }
                        }),
                attack("a chain into nothing", s -> s.put(0, s.header(), 16, 0, NEXT)),
                attack("buffer ID is the size", s -> s.put(0, s.header(), 16, SIZE, 0)),
                attack("buffer ID is all ones", s -> s.put(0, s.header(), 16, -1, 0)),
                attack(
                        "buffer ID twice",
                        s -> {
                            s.put(1, 1L << 50, 16, 0, 0);
                            s.put(0, s.header(), 16, 0, 0);
                        }),
                attack("unmapped buffer", s -> s.put(0, 1L << 50, 16, 0, 0)),
                attack("buffer wraps 64 bits", s -> s.put(0, -8L, 16, 0, 0)),
                attack("buffer of 4 GiB", s -> s.put(0, s.data(), -1, 0, WRITE)),
                attack(
                        "readable after writable",
                        s -> {
                            s.put(1, s.header(), 16, 0, 0);
                            s.put(0, s.status(), 1, 0, NEXT | WRITE);
                        }),
                attack("unmapped table", s -> s.put(0, 1L << 50, 48, 0, INDIRECT)),
                attack("table of 47 bytes", s -> s.put(0, s.table(), 47, 0, INDIRECT)),
                attack("table of 0 bytes", s -> s.put(0, s.table(), 0, 0, INDIRECT)),
                attack("table of 4 GiB", s -> s.put(0, s.table(), -16, 0, INDIRECT)),
                attack(
                        "table that is followed",
                        s -> {
                            s.put(1, s.status(), 1, 0, WRITE);
                            s.put(0, s.table(), 16, 0, INDIRECT | NEXT);
                        }),
                attack(
                        "table behind a descriptor",
                        s -> {
                            s.put(1, s.table(), 16, 0, INDIRECT);
                            s.put(0, s.header(), 16, 0, NEXT);
                        }));
    }

    private static Scene scene(final BlkDriver driver) {
        final long page = driver.memory().allocate(16 << 10, 4096);
        driver.memory().slice(page, 16).fill((byte) 0);
        return new Scene(driver, driver.queue(0).packedRing(), page, page + 4096);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void shouldStopOnlyThatQueueWhenChainIsBroken(final String name, final Attack attack)
            throws Exception {
        try (BlkDriver driver = victim().start(packed().queues(2));
                EventFd err = EventFd.create()) {
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(0, err);
            attack.write(scene(driver));
            driver.queue(0).kick();
            Await.until(name + " is reported on the err eventfd", () -> err.drain() > 0);

            // The device's other queue knows nothing of it.
            final BlkIo other = new BlkIo(driver, 1, 4096);
            assertEquals(BlkSpec.S_OK, other.read(0, new byte[512]));
            driver.protocol().getVringBase(0);
        }
    }

    @Test
    void shouldReadEachFieldOnceWhileTheDriverChangesThem() throws Exception {
        final Random random = new Random(SEED);
        for (int round = 0; round < 10; round++) {
            try (BlkDriver driver = victim().start(packed())) {
                final Scene scene = scene(driver);
                final DriverQueue queue = driver.queue(0);
                final long[] addresses = {
                    scene.header(), scene.data(), scene.status(), 1L << 50, -1L, -4096L
                };
                final int[] lengths = {0, 1, 16, 512, 4096, -1, Integer.MIN_VALUE};
                for (int i = 0; i < 20_000; i++) {
                    final int flags =
                            random.nextInt(8)
                                    | RawPackedRing.availableFlags(random.nextInt(4) != 0);
                    scene.ring()
                            .descriptor(
                                    random.nextInt(SIZE),
                                    addresses[random.nextInt(addresses.length)],
                                    lengths[random.nextInt(lengths.length)],
                                    random.nextInt(SIZE + 1),
                                    flags);
                    scene.ring().driverEvent(random.nextInt(1 << 16), random.nextInt(4));
                    if (i % 16 == 0) {
                        queue.kick();
                    }
                }
            }
        }
        neighbour().assertGoesOn();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x8064_8064, 0x8001_8000, 0x8000_0001, 0x7fff_7fff, -1})
    void shouldRefuseBasesOutsideTheRing(final int base) throws Exception {
        try (BlkDriver driver = victim().start(packed())) {
            driver.stop();
            driver.base(driver.queue(0), base);
            driver.protocol().needReply(true);
            assertThrows(NegativeReplyException.class, driver::activate);
        }
    }
}
