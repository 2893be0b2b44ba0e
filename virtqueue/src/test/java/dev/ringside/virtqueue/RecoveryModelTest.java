package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random sequences of what a driver and a device do, with the device killed at every place between
 * two stores of the ring and of the in-flight region, against a model that knows what the driver
 * waits for and in which order the device took it.
 */
final class RecoveryModelTest {
    /** A split ring's sequence has 65 places with a deviation of 34: 40 of them 1900 and more. */
    private static final int SEQUENCES = 40;

    private static final long LEAST_KILLS = 1000;
    private static final int STEPS = 60;
    private static final int LONG_ROUNDS = 50;
    private static final int LONG_STEPS = 1500;
    private static final int MEAN_PLACES_PER_LIFE = 40;

    @ParameterizedTest
    @EnumSource
    void shouldLoseAndRepeatNothingWhereverTheDeviceIsKilled(RingKind kind) throws Exception {
        RandomGenerator seeds =
                TestSeed.generator("shouldLoseAndRepeatNothingWhereverTheDeviceIsKilled " + kind);
        long kills = 0;
        for (int sequence = 0; sequence < SEQUENCES; sequence++) {
            long seed = seeds.nextLong();
            long places = play(kind, seed, 0);
            for (long at = 1; at <= places; at++) {
                play(kind, seed, at);
                kills++;
            }
        }
        assertTrue(kills > LEAST_KILLS, "kills: " + kills);
    }

    /** Plays one sequence; returns how many places it reached. */
    private static long play(RingKind kind, long seed, long killAt) throws Exception {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        try (TestMemory memory = new TestMemory();
                Machine machine = new Machine(random, memory, kind);
                Crash.Plan plan = new Crash.Plan(killAt)) {
            machine.run(STEPS);
            machine.finish();
            return plan.reached();
        } catch (AssertionError e) {
            throw new AssertionError("sequence " + seed + " killed at " + killAt, e);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldLoseAndRepeatNothingOverManyLives(RingKind kind) throws Exception {
        RandomGenerator random =
                TestSeed.generator("shouldLoseAndRepeatNothingOverManyLives " + kind);
        int lives = 0;
        int replayed = 0;
        for (int round = 0; round < LONG_ROUNDS; round++) {
            try (TestMemory memory = new TestMemory();
                    Machine machine = new Machine(random, memory, kind)) {
                machine.killAgainAndAgain = true;
                machine.run(LONG_STEPS);
                machine.finish();
                lives += machine.lives;
                replayed += machine.replayed;
            } finally {
                CrashPoint.onReached(null);
            }
        }
        assertTrue(lives > LONG_ROUNDS * 10, "lives: " + lives);
        assertTrue(replayed > lives, "replayed: " + replayed);
    }

    /** Driver, device and the memory between them; only the device dies. */
    private static final class Machine implements AutoCloseable {
        private final RandomGenerator random;
        private final TestMemory memory;
        private final RingDriver driver;
        private final RingKind kind;
        private final long features;
        private final InflightRegion kept;
        private final Deque<Integer> waiting = new ArrayDeque<>();
        private final Map<Integer, Integer> lengths = new HashMap<>();
        private final Set<Integer> executed = new HashSet<>();
        private InflightRegion mapped;
        private Virtqueue queue;
        private DescriptorChain chain;
        private List<Integer> held = new ArrayList<>();
        private final Deque<Integer> takenOrder = new ArrayDeque<>();
        private boolean killAgainAndAgain;
        private int lives;
        private int replayed;

        Machine(RandomGenerator random, TestMemory memory, RingKind kind)
                throws LinuxException, InvalidRingException {
            this.random = random;
            this.memory = memory;
            features = random.nextBoolean() ? RingDriver.IN_ORDER : 0;
            boolean packed = kind == RingKind.PACKED;
            int size = packed ? random.nextInt(1, 33) : 1 << random.nextInt(6);
            this.kind = kind;
            driver =
                    random.nextBoolean()
                            ? kind.driver(memory, size, features)
                            : kind.driverNearWrap(memory, size, features, random.nextInt(1, 40));
            // For longer rings than this one, and more of them: what front-ends ask for.
            kept = InflightRegion.create(5, size << random.nextInt(3), packed);
            mapped = map();
            queue = newQueue(driver.base());
            chain = new DescriptorChain(queue.maxChainEntries());
        }

        private InflightRegion map() throws LinuxException {
            return InflightRegion.map(
                    kept.fd().duplicate(),
                    kept.sizeBytes(),
                    kept.offset(),
                    kept.queues(),
                    kept.queueSize());
        }

        /** QEMU's base, cloud-hypervisor's, and any other: with a region none of them counts. */
        private int anyBase() {
            if (kind == RingKind.PACKED) {
                int any = random.nextInt(driver.size) | (random.nextBoolean() ? 1 << 15 : 0);
                return switch (random.nextInt(3)) {
                    case 0 -> PackedBase.START;
                    case 1 -> driver.base();
                    default -> any << 16 | any;
                };
            }
            return random.nextBoolean() ? driver.base() : random.nextInt(65536);
        }

        private Virtqueue newQueue(int base) throws InvalidRingException {
            long all = features | kind.feature();
            return Virtqueues.create(driver.layout(), base, all, memory.memory(), mapped);
        }

        void run(int steps) throws Exception {
            for (int i = 0; i < steps; i++) {
                if (killAgainAndAgain && random.nextInt(MEAN_PLACES_PER_LIFE) == 0) {
                    new Crash.Plan(random.nextInt(1, MEAN_PLACES_PER_LIFE));
                }
                try {
                    step();
                } catch (Crash crash) {
                    restart();
                }
            }
        }

        private void step() {
            switch (random.nextInt(7)) {
                case 0, 1 -> add();
                case 2, 3 -> take();
                case 4 -> complete();
                case 5 -> {
                    publish();
                    poll();
                }
                default -> giveBack();
            }
        }

        private void add() {
            for (int n = random.nextInt(1, 4); n > 0 && driver.freeDescriptors() > 0; n--) {
                int buffers = random.nextInt(1, Math.min(4, driver.freeDescriptors()) + 1);
                int length = random.nextInt(1, 100);
                int head =
                        driver.add(
                                Collections.nCopies(
                                        buffers, Buffer.writable(TestMemory.HIGH, length)));
                waiting.add(head);
                lengths.put(head, buffers * length);
            }
        }

        private void take() {
            for (int n = random.nextInt(1, 4); n > 0 && queue.pending() > 0; n--) {
                assertTrue(queue.next(chain));
                assertWhole();
                held.add(chain.head());
                takenOrder.push(chain.head());
                executed.add(chain.head());
            }
        }

        private void assertWhole() {
            assertEquals(lengths.get(chain.head()), (int) chain.writableBytes());
        }

        private void complete() {
            for (int n = random.nextInt(1, 4); n > 0 && !held.isEmpty(); n--) {
                queue.complete(held.remove(random.nextInt(held.size())), 1);
            }
        }

        private void publish() {
            queue.publish();
        }

        private void giveBack() {
            for (int n = random.nextInt(1, 4); n > 0 && !takenOrder.isEmpty(); n--) {
                Integer head = takenOrder.peek();
                if (!held.contains(head)) {
                    return;
                }
                queue.giveBack(takenOrder.pop());
                held.remove(head);
            }
        }

        private void poll() {
            for (RingDriver.Used used = driver.poll(); used != null; used = driver.poll()) {
                assertTrue(waiting.remove((Integer) used.head()), "used twice: " + used.head());
                assertTrue(executed.remove(used.head()), "used without a look: " + used.head());
            }
        }

        /** The device is gone, whatever it was doing; another one comes, perhaps to die too. */
        private void restart() throws Exception {
            while (true) {
                lives++;
                // What it had published is the driver's, whether the device knew it or not.
                poll();
                mapped.close();
                mapped = map();
                try {
                    queue = newQueue(anyBase());
                } catch (Crash crash) {
                    continue;
                }
                break;
            }
            assertNull(queue.fault());
            replayed += queue.resumption().replayed();
            held = new ArrayList<>();
            takenOrder.clear();
            assertEquals(0, queue.resumption().unknown());
            // Everything the driver waits for is in flight or yet to be taken, and nothing else.
            List<Integer> all = new ArrayList<>();
            // A look at all of them, given back at once.
            while (queue.pending() > 0) {
                assertTrue(
                        queue.next(chain),
                        () ->
                                "fault "
                                        + queue.fault()
                                        + " head "
                                        + chain.head()
                                        + " res "
                                        + queue.resumption()
                                        + " all "
                                        + all
                                        + " waiting "
                                        + waiting
                                        + " features "
                                        + features);
                assertWhole();
                all.add(chain.head());
            }
            assertEquals(new HashSet<>(waiting), new HashSet<>(all));
            assertEquals(waiting.size(), all.size());
            // In the order in which the driver made them available: no request overtakes another.
            assertEquals(List.copyOf(waiting), all);
            int keep = random.nextInt(all.size() + 1);
            for (int i = all.size() - 1; i >= keep; i--) {
                queue.giveBack(all.get(i));
            }
            held.addAll(all.subList(0, keep));
            held.forEach(takenOrder::push);
            executed.addAll(held);
        }

        void finish() throws Exception {
            while (!waiting.isEmpty()) {
                int before = waiting.size();
                try {
                    take();
                    while (!held.isEmpty()) {
                        complete();
                    }
                    publish();
                    poll();
                    assertTrue(
                            waiting.size() < before || queue.pending() > 0, "requests were lost");
                } catch (Crash crash) {
                    restart();
                }
            }
            assertNull(queue.fault());
            assertEquals(driver.base(), queue.base());
            assertFalse(driver.usedWaits());
            assertFalse(driver.freeDescriptors() == 0);
        }

        @Override
        public void close() {
            mapped.close();
            kept.close();
        }
    }
}
