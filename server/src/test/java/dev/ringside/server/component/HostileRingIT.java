package dev.ringside.server.component;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.RawRing;
import dev.ringside.server.component.RingAttacks.Scene;
import dev.ringside.shm.EventFd;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A driver that writes into its ring what it likes. */
class HostileRingIT extends Hostile {
    private static final int SIZE = RingAttacks.SIZE;

    private static Scene scene(final BlkDriver driver) {
        return Scene.of(driver, driver.queue(0));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({
        "dev.ringside.server.component.RingAttacks#chains",
        "dev.ringside.server.component.RingAttacks#indirectChains"
    })
    void shouldStopOnlyThatQueueWhenChainIsBroken(
            final String name, final RingAttacks.Attack attack) throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults().queues(2));
                EventFd err = EventFd.create()) {
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(0, err);
            attack.prepare(scene(driver));
            final DriverQueue queue = driver.queue(0);
            queue.offer(0);
            queue.publish();
            queue.kick();
            Await.until(name + " is reported on the err eventfd", () -> err.drain() > 0);
            assertEquals(0, queue.ring().usedIndex(), "nothing of it was used");

            // The device's other queue knows nothing of it.
            final BlkIo other = new BlkIo(driver, 1, 4096);
            assertEquals(BlkSpec.S_OK, other.read(0, new byte[512]));
            assertEquals(0, driver.protocol().getVringBase(0) >> 16);
        }
    }

    @ParameterizedTest
    @MethodSource("wildIndices")
    void shouldStopTheQueueWhenIndicesAreWild(final int head, final int index) throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults());
                EventFd err = EventFd.create()) {
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(0, err);
            scene(driver).honest();
            final RawRing ring = driver.queue(0).ring();
            for (int i = 0; i < SIZE; i++) {
                ring.available(i, head);
            }
            ring.availableIndex(index);
            driver.queue(0).kick();
            Await.until("it is reported", () -> err.drain() > 0);
        }
    }

    static Stream<Arguments> wildIndices() {
        return Stream.of(
                Arguments.of(SIZE, 1),
                Arguments.of(0xffff, 1),
                Arguments.of(0, SIZE + 1),
                Arguments.of(0, 0xffff),
                Arguments.of(0, 0x8000));
    }

    @Test
    void shouldServeNobodyElsesRequestsWhenOneHeadIsOfferedManyTimes() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            scene(driver).honest();
            final DriverQueue queue = driver.queue(0);
            for (int i = 0; i < SIZE; i++) {
                queue.offer(0);
            }
            queue.publish();
            queue.kick();
            driver.protocol().getVringBase(0);
            neighbour().assertGoesOn();
        }
    }

    @Test
    void shouldReadEachFieldOnceWhileTheDriverChangesThem() throws Exception {
        final Random random = new Random(SEED);
        for (int round = 0; round < 10; round++) {
            try (BlkDriver driver = victim().start(BlkOptions.defaults().queueSize(SIZE))) {
                RingAttacks.scribble(scene(driver), driver.queue(0), random);
            }
        }
        neighbour().assertGoesOn();
    }

    @Test
    void shouldServeTheQuietWhenOneDriverRefillsForEver() throws Exception {
        final var greedy = extraDisk("null:size=1G", 2);
        try (BlkDriver driver = greedy.start(BlkOptions.defaults().queues(2))) {
            final BlkLoad.Running load =
                    new BlkLoad(driver, LoadOptions.randomRead(40).polled(false)).start();
            Await.until("the greedy load runs", () -> load.load().completed() > 1000);
            for (int i = 0; i < 5; i++) {
                neighbour().assertGoesOn();
            }
            assertTrue(load.stopAndJoin().clean());
        }
    }

    @Test
    void shouldNotTouchTheOldRingWhenResetAndStartedElsewhere() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final BlkIo io = new BlkIo(driver, 0, 4096);
            for (int i = 0; i < 10; i++) {
                assertEquals(BlkSpec.S_OK, io.read(i, new byte[512]));
            }
            driver.protocol().resetDevice();
            driver.protocol().getFeatures();
            final var old = driver.queue(0).layout();
            final long bytes = RawRing.deviceAreaBytes(old.size());
            final byte[] before =
                    driver.memory().slice(old.deviceGuestAddress(), bytes).toArray(JAVA_BYTE);
            final DriverQueue fresh = driver.moveQueue(0);
            driver.activate();
            final BlkIo again = new BlkIo(driver, 0, 4096);
            for (int i = 0; i < 3; i++) {
                assertEquals(BlkSpec.S_OK, again.read(i, new byte[512]));
            }
            assertEquals(3, fresh.ring().usedIndex(), "it starts at 0 in the new ring");
            final byte[] after =
                    driver.memory().slice(old.deviceGuestAddress(), bytes).toArray(JAVA_BYTE);
            assertTrue(Arrays.equals(before, after), "the old ring is as it was");
        }
    }

    @Test
    void shouldNotUseRingsThatDoNotFit() throws Exception {
        try (BlkDriver driver =
                BlkDriver.probe(
                        victim().connect(),
                        FrontendMemory.likePc(1 << 20),
                        BlkOptions.defaults())) {
            final var protocol = driver.protocol();
            protocol.setFeatures(driver.features());
            driver.shareMemory();
            protocol.needReply(true);
            final long base = driver.memory().regions().getFirst().userAddress();
            final long end = base + (1 << 20);
            protocol.setVringNum(0, SIZE);
            protocol.setVringBase(0, 0);
            final var bytes = driver.memory().regions().getFirst().segment();
            bytes.fill((byte) 0x5a);
            final byte[] before = bytes.toArray(JAVA_BYTE);
            final long[][] wrong = {
                {base + 1, base + 0x4000, base + 0x8000},
                {base, base + 0x4002, base + 0x8000},
                {base, base + 0x4000, base + 0x8001},
                {end - 16, base + 0x4000, base + 0x8000},
                {base, end - 8, base + 0x8000},
                {base, base + 0x4000, end - 4},
                {-16L, base + 0x4000, base + 0x8000},
            };
            for (final long[] a : wrong) {
                try (EventFd kick = EventFd.create()) {
                    protocol.setVringAddr(0, a[0], a[1], a[2]);
                    protocol.setVringKick(0, kick);
                    protocol.setVringEnable(0, true);
                    kick.signal();
                } catch (NegativeReplyException e) {
                    // Refused, or left waiting for memory that would make it fit: both are right.
                    assertTrue(e.value() != 0);
                }
                protocol.getVringBase(0);
                assertTrue(
                        Arrays.equals(before, bytes.toArray(JAVA_BYTE)),
                        "ring at " + Arrays.toString(a) + " was used");
            }
        }
    }
}
