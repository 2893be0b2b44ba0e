package dev.ringside.server.component;

import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.RawRing;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.frontend.VirtioSpec;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** What a driver writes into a split ring that none may write: broken chains and tables. */
final class RingAttacks {
    static final int SIZE = 128;

    private static final int NEXT = VirtioSpec.DESC_F_NEXT;
    private static final int WRITE = VirtioSpec.DESC_F_WRITE;
    private static final int INDIRECT = VirtioSpec.DESC_F_INDIRECT;

    private RingAttacks() {}

    /** What an attack has at hand: guest addresses of a header, a page of data, a status byte. */
    record Scene(VirtioDriver driver, RawRing ring, long header, long data, long status) {
        /** At a queue, which nothing was offered in. */
        static Scene of(final VirtioDriver driver, final DriverQueue queue) {
            final long page = driver.memory().allocate(16 << 10, 4096);
            driver.memory().slice(page, 16).fill((byte) 0);
            return new Scene(driver, queue.ring(), page, page + 4096, page + 512);
        }

        long table() {
            return data + 4096;
        }

        void table(
                final int i,
                final long address,
                final int length,
                final int flags,
                final int next) {
            RawRing.descriptor(
                    driver.memory().slice(table(), 4096), i * 16L, address, length, flags, next);
        }

        void honest() {
            ring.descriptor(0, header, 16, NEXT, 1);
            ring.descriptor(1, data, 512, NEXT | WRITE, 2);
            ring.descriptor(2, status, 1, WRITE, 0);
        }
    }

    /** Writes descriptors from 0 on; head 0 is then offered once. */
    interface Attack {
        void prepare(Scene scene);
    }

    private static Arguments attack(final String name, final Attack attack) {
        return Arguments.of(name, attack);
    }

    static Stream<Arguments> chains() {
        return Stream.of(
                attack("loop of one", s -> s.ring().descriptor(0, s.header(), 16, NEXT, 0)),
                attack(
                        "loop of two",
                        s -> {
                            s.ring().descriptor(0, s.header(), 16, NEXT, 1);
                            s.ring().descriptor(1, s.header(), 16, NEXT, 0);
                        }),
                attack(
                        "loop through the whole ring",
                        s -> {
                            for (int i = 0; i < SIZE; i++) {
                                s.ring().descriptor(i, s.header(), 16, NEXT, (i + 1) % SIZE);
                            }
                        }),
                attack("next is the size", s -> s.ring().descriptor(0, s.header(), 16, NEXT, SIZE)),
                attack("next is all ones", s -> s.ring().descriptor(0, s.header(), 16, NEXT, -1)),
                attack("unmapped buffer", s -> s.ring().descriptor(0, 1L << 50, 16, NEXT, 1)),
                attack("buffer wraps 64 bits", s -> s.ring().descriptor(0, -8L, 16, NEXT, 1)),
                attack(
                        "buffer of 4 GiB from a good address",
                        s -> {
                            s.honest();
                            s.ring().descriptor(1, s.data(), -1, NEXT | WRITE, 2);
                        }),
                attack(
                        "buffer crosses the region's end",
                        s -> {
                            s.honest();
                            final var region = s.driver().memory().regions().getFirst();
                            s.ring()
                                    .descriptor(
                                            1,
                                            region.guestAddress() + region.sizeBytes() - 256,
                                            512,
                                            NEXT | WRITE,
                                            2);
                        }),
                attack(
                        "readable after writable",
                        s -> {
                            s.ring().descriptor(0, s.status(), 1, NEXT | WRITE, 1);
                            s.ring().descriptor(1, s.header(), 16, 0, 0);
                        }));
    }

    static Stream<Arguments> indirectChains() {
        return Stream.of(
                attack(
                        "indirect table unmapped",
                        s -> s.ring().descriptor(0, 1L << 50, 48, INDIRECT, 0)),
                attack(
                        "indirect table wraps 64 bits",
                        s -> s.ring().descriptor(0, -16L, 48, INDIRECT, 0)),
                attack(
                        "indirect length is no multiple of 16",
                        s -> s.ring().descriptor(0, s.table(), 47, INDIRECT, 0)),
                attack(
                        "indirect length is 0",
                        s -> s.ring().descriptor(0, s.table(), 0, INDIRECT, 0)),
                attack(
                        "indirect length is all ones",
                        s -> s.ring().descriptor(0, s.table(), -1, INDIRECT, 0)),
                attack(
                        "indirect loops",
                        s -> {
                            s.ring().descriptor(0, s.table(), 32, INDIRECT, 0);
                            s.table(0, s.header(), 16, NEXT, 1);
                            s.table(1, s.header(), 16, NEXT, 0);
                        }),
                attack(
                        "indirect next leaves the table",
                        s -> {
                            s.ring().descriptor(0, s.table(), 32, INDIRECT, 0);
                            s.table(0, s.header(), 16, NEXT, 2);
                        }),
                attack(
                        "indirect within indirect",
                        s -> {
                            s.ring().descriptor(0, s.table(), 32, INDIRECT, 0);
                            s.table(0, s.table(), 32, INDIRECT, 0);
                        }),
                attack(
                        "indirect with next",
                        s -> {
                            s.honest();
                            s.ring().descriptor(0, s.table(), 32, INDIRECT | NEXT, 1);
                            s.table(0, s.header(), 16, 0, 0);
                        }),
                attack(
                        "indirect entry unmapped",
                        s -> {
                            s.ring().descriptor(0, s.table(), 16, INDIRECT, 0);
                            s.table(0, 1L << 50, 16, 0, 0);
                        }));
    }

    /** Offers head 0 again and again, and changes its chain and all others meanwhile. */
    static void scribble(final Scene scene, final DriverQueue queue, final Random random) {
        final long[] addresses = {
            scene.header(), scene.data(), scene.status(), 1L << 50, -1L, -4096L
        };
        final int[] lengths = {0, 1, 12, 16, 64, 512, 4096, -1, Integer.MIN_VALUE};
        for (int i = 0; i < 20_000; i++) {
            scene.ring()
                    .descriptor(
                            random.nextInt(SIZE),
                            addresses[random.nextInt(addresses.length)],
                            lengths[random.nextInt(lengths.length)],
                            random.nextInt(8),
                            random.nextInt(SIZE + 1));
            if (random.nextInt(8) == 0) {
                scene.honest();
            }
            final int under = queue.availableIndex() - scene.ring().usedIndex();
            if (i % 16 == 0 && (under & 0xffff) < SIZE) {
                queue.offer(0);
                queue.publish();
                queue.kick();
            }
        }
    }
}
