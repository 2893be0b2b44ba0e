package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtqueue.RingDriver.Buffer;
import dev.ringside.virtqueue.RingDriver.Used;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random sequences of what a driver and a device do, against a model that knows which chains are on
 * their way and what their bytes must be.
 */
final class VirtqueueModelTest {
    private static final int ROUNDS = 300;
    private static final int STEPS = 1500;
    private static final int AREA_BYTES = 4096;
    private static final int TABLE_OFFSET = 3072;
    private static final long[] FEATURES = {
        RingDriver.EVENT_IDX, RingDriver.INDIRECT_DESC, RingDriver.IN_ORDER
    };

    @ParameterizedTest
    @EnumSource
    void shouldLoseNothingRepeatNothingAndMissNoNotification(RingKind kind) throws Exception {
        RandomGenerator random =
                TestSeed.generator("shouldLoseNothingRepeatNothingAndMissNoNotification " + kind);
        int called = 0;
        int quiet = 0;
        int givenBack = 0;
        int inBursts = 0;
        for (int round = 0; round < ROUNDS; round++) {
            try (TestMemory memory = new TestMemory()) {
                Round played = new Round(random, memory, kind);
                for (int step = 0; step < STEPS; step++) {
                    played.step();
                    played.assertNobodySleepsOverWork();
                }
                played.finish();
                called += played.calls;
                quiet += played.quietPublishes;
                givenBack += played.givenBack;
                inBursts += played.inBursts;
            }
        }
        assertTrue(called > ROUNDS, "calls: " + called);
        assertTrue(quiet > ROUNDS, "publishes without a call: " + quiet);
        assertTrue(givenBack > ROUNDS, "given back: " + givenBack);
        assertTrue(inBursts > ROUNDS, "taken in bursts: " + inBursts);
    }

    /** A chain that the driver added: what the device must read, and later what it wrote. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Sent(byte[] readable, List<Buffer> writable, int writableBytes) {}

    /** A chain that the device took: how much it wrote. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Taken(int head, byte[] written) {}

    private static final class Round {
        private final RandomGenerator random;
        private final TestMemory memory;
        private final RingDriver driver;
        private final long features;
        private final DescriptorChain chain;
        private final Map<Integer, Sent> sent = new HashMap<>();
        private final Deque<Integer> sentOrder = new ArrayDeque<>();
        private final List<Taken> inFlight = new ArrayList<>();
        private final Map<Integer, byte[]> answers = new HashMap<>();
        private Virtqueue queue;
        private final Deque<Integer> takenOrder = new ArrayDeque<>();
        private final BufferBurst[] bursts = {
            new BufferBurst(10, false), new BufferBurst(100, true)
        };
        private int givenBack;
        private int inBursts;
        private boolean deviceSleeps;
        private boolean driverSleeps;
        private int calls;
        private int quietPublishes;

        Round(RandomGenerator random, TestMemory memory, RingKind kind)
                throws InvalidRingException {
            this.random = random;
            this.memory = memory;
            long chosen = 0;
            for (long feature : FEATURES) {
                chosen |= random.nextBoolean() ? feature : 0;
            }
            this.features = chosen;
            int size = kind == RingKind.SPLIT ? 1 << random.nextInt(8) : random.nextInt(1, 129);
            this.driver =
                    random.nextBoolean()
                            ? kind.driver(memory, size, features)
                            : kind.driverNearWrap(memory, size, features, random.nextInt(1, 400));
            this.queue = driver.queue();
            if (random.nextBoolean()) {
                queue.fetchAhead(100, random.nextBoolean());
            }
            this.chain = new DescriptorChain(queue.maxChainEntries());
        }

        void step() throws InvalidRingException {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> addBurst();
                case 3 -> take();
                case 4 -> takeBuffers();
                case 5, 6 -> completeSome();
                case 7 -> {
                    giveBackSome();
                    publish();
                }
                case 8 -> driverPolls();
                case 9 -> sleepDevice();
                case 10 -> sleepDriver();
                default -> rarely();
            }
        }

        private void rarely() throws InvalidRingException {
            switch (random.nextInt(5)) {
                case 0 -> restart();
                case 1 -> assertTrue(queue.remap(memory.memory()));
                case 2 -> {
                    if (!deviceSleeps) {
                        queue.suppressKicks();
                    }
                }
                case 3 -> {
                    if (!driverSleeps) {
                        driver.refuseCalls();
                    }
                }
                default -> assertNull(queue.fault());
            }
        }

        private long area(int head) {
            return head == 0
                    ? TestMemory.MIDDLE - 1000
                    : TestMemory.HIGH + (long) head * AREA_BYTES;
        }

        private void addBurst() {
            if (driverSleeps) {
                return;
            }
            if (random.nextBoolean()) {
                addBuffers(random.nextBoolean());
            }
            for (int n = random.nextInt(1, 5); n > 0 && driver.freeDescriptors() > 0; n--) {
                addOne();
            }
            if (driver.shouldKick()) {
                deviceSleeps = false;
            }
        }

        private void addOne() {
            boolean indirect = (features & RingDriver.INDIRECT_DESC) != 0 && random.nextBoolean();
            int most = indirect ? 20 : Math.min(6, driver.freeDescriptors());
            int count = random.nextInt(1, most + 1);
            int readables = random.nextInt(count + 1);
            // The head is the first free descriptor: it names the area that the chain may use.
            int head = driver.nextHead();
            List<Buffer> buffers = new ArrayList<>();
            long at = area(head);
            for (int i = 0; i < count; i++) {
                int length = random.nextInt(8) == 0 ? 0 : random.nextInt(1, 120);
                buffers.add(new Buffer(at, length, i >= readables));
                at += length + random.nextInt(3);
            }
            send(head, buffers, readables, indirect);
        }

        /** Adds a chain whose first buffers are readable. */
        private void send(int head, List<Buffer> buffers, int readables, boolean indirect) {
            byte[] readable = new byte[bytes(buffers.subList(0, readables))];
            random.nextBytes(readable);
            scatter(buffers.subList(0, readables), readable);
            List<Buffer> writable = buffers.subList(readables, buffers.size());
            scatter(writable, new byte[bytes(writable)]);
            int added =
                    indirect
                            ? driver.addIndirect(area(head) + TABLE_OFFSET, buffers)
                            : driver.add(buffers);
            assertEquals(head, added);
            assertNull(sent.put(head, new Sent(readable, writable, bytes(writable))));
            sentOrder.add(head);
        }

        /** Chains of one buffer each. */
        private void addBuffers(boolean writable) {
            for (int n = random.nextInt(1, 12); n > 0 && driver.freeDescriptors() > 0; n--) {
                int head = driver.nextHead();
                List<Buffer> buffer =
                        List.of(new Buffer(area(head), random.nextInt(1, 120), writable));
                send(head, buffer, writable ? 0 : 1, false);
            }
        }

        private static int bytes(List<Buffer> buffers) {
            return (int) buffers.stream().mapToLong(Buffer::length).sum();
        }

        private void scatter(List<Buffer> buffers, byte[] bytes) {
            int at = 0;
            for (Buffer buffer : buffers) {
                int end = at + (int) buffer.length();
                memory.putBytes(buffer.address(), Arrays.copyOfRange(bytes, at, end));
                at = end;
            }
        }

        private byte[] gather(List<Buffer> buffers) {
            byte[] bytes = new byte[bytes(buffers)];
            int at = 0;
            for (Buffer buffer : buffers) {
                byte[] part = memory.getBytes(buffer.address(), (int) buffer.length());
                System.arraycopy(part, 0, bytes, at, part.length);
                at += part.length;
            }
            return bytes;
        }

        private void take() {
            if (deviceSleeps) {
                return;
            }
            for (int n = random.nextInt(1, 6); n > 0; n--) {
                int pending = queue.pending();
                assertEquals(pending > 0, queue.next(chain), "next must agree with pending");
                if (pending == 0) {
                    return;
                }
                Sent expected = sent.get(chain.head());
                assertNotNull(expected, "head " + chain.head() + " was not sent");
                byte[] read = new byte[expected.readable.length];
                assertEquals(read.length, chain.readableBytes());
                assertEquals(read.length, chain.copyFrom(0, read, 0, read.length));
                assertArrayEquals(expected.readable, read);
                assertEquals(expected.writableBytes, chain.writableBytes());
                byte[] answer = new byte[random.nextInt(expected.writableBytes + 1)];
                random.nextBytes(answer);
                assertEquals(answer.length, chain.copyTo(0, answer, 0, answer.length));
                inFlight.add(new Taken(chain.head(), answer));
                takenOrder.push(chain.head());
                assertEquals(inFlight.size(), queue.inFlight());
            }
        }

        /** Takes many at once, and keeps, completes or gives back each. */
        private void takeBuffers() {
            if (deviceSleeps) {
                return;
            }
            boolean writable = random.nextBoolean();
            BufferBurst burst = bursts[writable ? 1 : 0];
            int pending = queue.pending();
            int count = queue.nextBuffers(burst, random.nextInt(1, 100));
            assertEquals(count, burst.count());
            assertTrue(count <= Math.min(pending, burst.room()));
            assertEquals(inFlight.size() + count, queue.inFlight());
            int end = random.nextInt(count + 1);
            List<Taken> answered = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Taken one = answer(burst, i, writable);
                if (i >= end) {
                    continue;
                }
                takenOrder.push(one.head);
                if (random.nextInt(8) == 0) {
                    burst.keep(i);
                    inFlight.add(one);
                } else {
                    answered.add(one);
                }
            }
            List<Integer> back = new ArrayList<>();
            for (int i = end; i < count; i++) {
                back.add(burst.head(i));
            }
            queue.settleBuffers(burst, end);
            for (Taken one : answered) {
                assertNull(answers.put(one.head, one.written));
            }
            for (int head : back) {
                List<Buffer> buffers = Objects.requireNonNull(sent.get(head)).writable;
                scatter(buffers, new byte[bytes(buffers)]);
            }
            inBursts += end;
            assertEquals(0, burst.count());
            assertEquals(inFlight.size(), queue.inFlight());
            assertTrue(queue.pending() >= pending - end);
        }

        private Taken answer(BufferBurst burst, int i, boolean writable) {
            Sent expected = sent.get(burst.head(i));
            assertNotNull(expected, "head " + burst.head(i) + " was not sent");
            byte[] content = writable ? new byte[expected.writableBytes] : expected.readable;
            assertEquals(writable ? 0 : content.length, expected.readable.length);
            assertEquals(writable ? content.length : 0, expected.writableBytes);
            assertEquals(content.length, burst.buffers().length(i));
            MemorySegment buffer =
                    burst.buffers().segment().asSlice(burst.buffers().offset(i), content.length);
            assertArrayEquals(content, buffer.toArray(ValueLayout.JAVA_BYTE));
            byte[] answer = new byte[writable ? random.nextInt(content.length + 1) : 0];
            random.nextBytes(answer);
            MemorySegment.copy(answer, 0, buffer, ValueLayout.JAVA_BYTE, 0, answer.length);
            burst.setWritten(i, answer.length);
            return new Taken(burst.head(i), answer);
        }

        /** From the last one taken backwards, as far as they are in flight. */
        private void giveBackSome() {
            if (deviceSleeps) {
                return;
            }
            for (int n = random.nextInt(4); n > 0 && !takenOrder.isEmpty(); n--) {
                int head = takenOrder.peek();
                if (!inFlight.removeIf(taken -> taken.head == head)) {
                    return;
                }
                queue.giveBack(takenOrder.pop());
                // What was written before is of no account: another answer will be.
                List<Buffer> writable = Objects.requireNonNull(sent.get(head)).writable;
                scatter(writable, new byte[bytes(writable)]);
                givenBack++;
                assertEquals(inFlight.size(), queue.inFlight());
            }
        }

        private void completeSome() {
            for (int n = random.nextInt(1, 6); n > 0 && !inFlight.isEmpty(); n--) {
                complete(inFlight.remove(random.nextInt(inFlight.size())));
            }
        }

        private void complete(Taken taken) {
            queue.complete(taken.head, taken.written.length);
            assertNull(answers.put(taken.head, taken.written));
        }

        private void publish() {
            boolean something = queue.unpublished() > 0;
            if (queue.publish()) {
                assertTrue(something, "a call for nothing");
                calls++;
                driverSleeps = false;
            } else if (something) {
                quietPublishes++;
            }
            assertEquals(0, queue.unpublished());
        }

        private void driverPolls() {
            if (driverSleeps) {
                return;
            }
            for (Used used = driver.poll(); used != null; used = driver.poll()) {
                Sent was = sent.remove(used.head());
                assertNotNull(was, "head " + used.head() + " came back twice");
                byte[] answer = answers.remove(used.head());
                assertNotNull(answer, "head " + used.head() + " was not completed");
                assertEquals(answer.length, used.length());
                assertArrayEquals(Arrays.copyOf(answer, was.writableBytes), gather(was.writable));
                if ((features & RingDriver.IN_ORDER) != 0) {
                    assertEquals(sentOrder.peek(), used.head());
                }
                sentOrder.remove((Integer) used.head());
            }
        }

        private void sleepDevice() {
            if (!deviceSleeps && !queue.requestKicks()) {
                deviceSleeps = true;
            }
        }

        private void sleepDriver() {
            if (driverSleeps) {
                return;
            }
            driver.wantCalls();
            driverSleeps = !driver.usedWaits();
        }

        private void restart() throws InvalidRingException {
            inFlight.forEach(this::complete);
            inFlight.clear();
            publish();
            assertEquals(0, queue.inFlight());
            takenOrder.clear();
            queue = driver.queue(queue.base());
            assertNull(queue.fault());
            // A started ring is always looked at once.
            deviceSleeps = false;
        }

        void assertNobodySleepsOverWork() {
            if (deviceSleeps) {
                assertTrue(driver.allTaken(queue), "the device missed a kick");
            }
            if (driverSleeps) {
                assertFalse(driver.usedWaits(), "the driver missed a call");
            }
        }

        void finish() {
            while (!sent.isEmpty()) {
                int before = sent.size();
                deviceSleeps = false;
                driverSleeps = false;
                take();
                inFlight.forEach(this::complete);
                inFlight.clear();
                publish();
                driverPolls();
                assertTrue(sent.size() < before || queue.pending() > 0, "chains were lost");
            }
            assertNull(queue.fault());
            assertEquals(0, queue.inFlight());
            assertEquals(driver.base(), queue.base());
            assertFalse(driver.usedWaits());
            assertEquals(queue.size(), driver.freeDescriptors());
        }
    }
}
