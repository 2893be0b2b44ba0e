package dev.ringside.virtio.net.l2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.l2.MacTable.Learnt;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class MacTableTest {
    private static final long NS_PER_S = 1_000_000_000L;
    private static final int QUOTA = 500;

    private final SplittableRandom random = new SplittableRandom(Seed.next("MacTableTest"));
    private final MacTable table = new MacTable(300 * NS_PER_S, 0, port -> QUOTA, random);

    /** What the table says is what it counts, and no key is there twice. */
    private void assertSound() {
        int[] counts = new int[MacTable.MAX_PORTS];
        Set<Long> keys = new HashSet<>();
        table.visit(
                (mac, vlan, port, ageNs) -> {
                    counts[port]++;
                    assertTrue(keys.add(mac << 12 | vlan), "a key that is there twice");
                    assertEquals(port, table.lookup(mac, vlan));
                });
        for (int port = 0; port < counts.length; port++) {
            assertEquals(counts[port], table.count(port), "entries of port " + port);
        }
    }

    private long anyMac() {
        return random.nextLong() & 0xfeffffffffffL;
    }

    @Test
    void shouldUndoItsMixing() {
        MacScramble scramble = new MacScramble(random);

        for (int i = 0; i < 100_000; i++) {
            long key = random.nextLong() >>> 4;
            long mixed = scramble.mix(key);
            assertEquals(0, mixed >>> 60);
            assertEquals(key, scramble.unmix(mixed));
        }
    }

    @Test
    void shouldKnowWhatItLearnt() {
        assertEquals(-1, table.lookup(1, 1));
        assertEquals(Learnt.NEW, table.learn(1, 1, 1023));
        assertEquals(Learnt.NEW, table.learn(1, 4094, 0));
        assertEquals(Learnt.KNOWN, table.learn(1, 1, 1023));

        assertEquals(1023, table.lookup(1, 1));
        assertEquals(0, table.lookup(1, 4094));
        assertTrue(table.seen(1, 1, 1023));
        assertFalse(table.seen(1, 1, 5));
        assertFalse(table.seen(2, 1, 5));
        assertEquals(Learnt.MOVED, table.learn(1, 1, 5));
        assertEquals(5, table.lookup(1, 1));
        assertEquals(0, table.count(1023));
        assertSound();
    }

    @Test
    void shouldHoldEachPortToItsQuota() {
        int over = 0;
        for (int i = 0; i < 10_000; i++) {
            if (table.learn(anyMac(), 1, 7) == Learnt.OVER_QUOTA) {
                over++;
            }
        }

        assertEquals(QUOTA, table.count(7));
        assertEquals(10_000 - QUOTA, over);
        assertEquals(Learnt.NEW, table.learn(1, 1, 8));
        assertEquals(Learnt.OVER_QUOTA, table.learn(1, 1, 7));
        assertEquals(8, table.lookup(1, 1));
        assertSound();
    }

    @Test
    void shouldFindRoomForAPortWithFewAddressesWhenOthersFillTheTable() {
        for (int port = 100; port < 200; port++) {
            for (int i = 0; i < QUOTA; i++) {
                table.learn(anyMac(), 1, port);
            }
        }
        List<Long> own = new ArrayList<>();
        for (int i = 0; i < MacTable.GUARANTEED; i++) {
            long mac = anyMac();
            own.add(mac);
            assertEquals(Learnt.NEW, table.learn(mac, 1, 1));
        }

        for (int port = 200; port < 300; port++) {
            for (int i = 0; i < QUOTA; i++) {
                table.learn(anyMac(), 1, port);
            }
        }

        for (long mac : own) {
            assertEquals(1, table.lookup(mac, 1));
        }
        assertSound();
    }

    @Test
    void shouldForgetByAgeOnly() {
        table.learn(1, 1, 1);
        table.learn(2, 1, 1);
        table.tick(200 * NS_PER_S);
        assertTrue(table.seen(2, 1, 1));

        table.tick(311 * NS_PER_S);

        assertEquals(-1, table.lookup(1, 1));
        assertEquals(1, table.lookup(2, 1));
        table.tick(499 * NS_PER_S);
        assertEquals(1, table.lookup(2, 1));
        table.tick(511 * NS_PER_S);
        assertEquals(-1, table.lookup(2, 1));
        assertEquals(0, table.count(1));
        assertSound();
    }

    @Test
    void shouldLiveAsLongAsItIsSeenWhateverTheTime() {
        for (long now = 0; now < 5_000; now += random.nextLong(1, 290)) {
            table.tick(now * NS_PER_S);
            if (!table.seen(1, 1, 3)) {
                assertEquals(0, now, "forgotten though it was seen");
                table.learn(1, 1, 3);
            }
        }
        assertSound();
    }

    @Test
    void shouldForgetAPortAndAnAddress() {
        for (int i = 0; i < 100; i++) {
            table.learn(i + 1, 1, i % 2);
        }
        table.learn(1, 2, 1);

        table.forgetElsewhere(1, 1);
        assertEquals(-1, table.lookup(1, 1));
        assertEquals(1, table.lookup(1, 2));
        table.forgetPort(1);

        assertEquals(0, table.count(1));
        assertEquals(49, table.count(0));
        assertSound();
    }

    @Test
    void shouldStaySoundWhenManyThreadsLearnTheSame() throws Exception {
        int threads = 4;
        int addresses = 2_000;
        try (var pool = Executors.newFixedThreadPool(threads)) {
            CountDownLatch start = new CountDownLatch(threads);
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int port = i;
                SplittableRandom mine = random.split();
                done.add(
                        pool.submit(
                                () -> {
                                    start.countDown();
                                    start.await();
                                    hammer(mine, port, addresses);
                                    return 0;
                                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        }
        assertSound();
    }

    private void hammer(SplittableRandom mine, int port, int addresses) {
        for (int i = 0; i < 300_000; i++) {
            long mac = 1L + mine.nextInt(addresses);
            int where = mine.nextInt(4) == 0 ? port : 9;
            if (!table.seen(mac, 1, where)) {
                table.learn(mac, 1, where);
            }
            if (i % 10_000 == 0) {
                table.forgetPort(9);
            }
        }
    }
}
