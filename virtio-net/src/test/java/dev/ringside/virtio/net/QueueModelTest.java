package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random sequences against a naive model. The seed is printed. */
class QueueModelTest {
    private static final int STEPS = 4000;
    private static final List<Verdict> ANSWERS =
            List.of(Verdict.DONE, Verdict.DROPPED, Verdict.LATER, Verdict.HELD);

    /** A chain of receive buffers, as the driver posted it. */
    private record Posted(int head, List<TestDriver.Buffer> buffers) {
        int bytes() {
            return buffers.stream().mapToInt(TestDriver.Buffer::bytes).sum();
        }

        byte[] content(TestDriver driver) {
            byte[] all = new byte[0];
            for (TestDriver.Buffer buffer : buffers) {
                all = Frames.join(all, driver.get(buffer.address(), buffer.bytes()));
            }
            return all;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, VirtioSpec.VIRTIO_F_IN_ORDER})
    void shouldReceiveLikeTheModel(long order) throws Exception {
        Random random = TestSeeds.random("QueueModelTest.receive");
        long features =
                NetSpec.VIRTIO_NET_F_MRG_RXBUF | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC | order;
        try (TestNic nic = new TestNic(features)) {
            QueueWorker worker = nic.start(0);
            TestDriver driver = nic.driver(0);
            Deque<Posted> posted = new ArrayDeque<>();
            int plain = 0;
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> post(random, driver, posted);
                    case 3 -> {
                        worker.poll(0);
                        assertTrue(worker.drained());
                    }
                    case 4 -> worker.poll(8);
                    case 5 -> plain += receivePlain(random, nic, worker, posted);
                    default -> receive(random, nic, worker, posted);
                }
                if (posted.isEmpty()) {
                    driver.reset();
                }
            }
            assertTrue(plain > STEPS / 200, "frames written at once: " + plain);
        }
    }

    private static void post(Random random, TestDriver driver, Deque<Posted> posted) {
        List<TestDriver.Buffer> buffers = new ArrayList<>();
        if (random.nextBoolean()) {
            for (int i = random.nextInt(10); i > 0 && driver.room() > 0; i--) {
                buffers = List.of(driver.writable(300 + random.nextInt(100)));
                posted.add(new Posted(driver.add(buffers), buffers));
            }
            return;
        }
        int count = 1 + random.nextInt(4);
        if (driver.room() < count) {
            return;
        }
        for (int i = 0; i < count; i++) {
            buffers.add(driver.writable(1 + random.nextInt(random.nextBoolean() ? 8 : 300)));
        }
        int head = random.nextInt(4) == 0 ? driver.addIndirect(buffers) : driver.add(buffers);
        posted.add(new Posted(head, buffers));
    }

    /** Frames that go to one buffer each, as many as the worker takes at once. */
    private static int receivePlain(
            Random random, TestNic nic, QueueWorker worker, Deque<Posted> posted) throws Exception {
        TestDriver driver = nic.driver(0);
        byte[][] frames = new byte[1 + random.nextInt(12)][];
        Ranges ranges = new Ranges(frames.length);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(frames.length * 400L);
            ranges.begin(memory);
            for (int i = 0; i < frames.length; i++) {
                frames[i] = Frames.payload(14 + random.nextInt(330), random.nextInt());
                MemorySegment.copy(
                        frames[i], 0, memory, ValueLayout.JAVA_BYTE, 400L * i, frames[i].length);
                ranges.set(i, 400L * i, frames[i].length);
            }
            ranges.setCount(frames.length);
            int done = Objects.requireNonNull(nic.port.into).putPlain(ranges);
            worker.queue().publish();
            driver.reap();
            assertTrue(done <= frames.length);
            for (int i = 0; i < done; i++) {
                Posted chain = posted.remove();
                byte[] bytes = frames[i];
                assertEquals(1, chain.buffers().size());
                assertEquals(12 + bytes.length, driver.take(chain.head()));
                byte[] got = chain.content(driver);
                assertArrayEquals(new byte[10], Frames.slice(got, 0, 10));
                assertEquals(1, Frames.shortAt(got, 10));
                assertArrayEquals(bytes, Frames.slice(got, 12, bytes.length));
                for (int at = 12 + bytes.length; at < got.length; at++) {
                    assertEquals(TestDriver.OLD, got[at]);
                }
            }
            posted.forEach(chain -> assertNull(driver.take(chain.head())));
            return done;
        }
    }

    private static void receive(
            Random random, TestNic nic, QueueWorker worker, Deque<Posted> posted) throws Exception {
        TestDriver driver = nic.driver(0);
        byte[] bytes = Frames.payload(14 + random.nextInt(500), random.nextInt());
        List<Posted> expected = new ArrayList<>();
        List<Posted> bad = new ArrayList<>();
        int total = 12 + bytes.length;
        int room = 0;
        boolean enough = false;
        for (Posted chain : posted) {
            if (expected.isEmpty() && chain.bytes() < 12) {
                bad.add(chain);
                continue;
            }
            expected.add(chain);
            room += chain.bytes();
            if (room >= total) {
                enough = true;
                break;
            }
        }
        Verdict verdict = Objects.requireNonNull(nic.port.into).put(FakePort.frame(bytes));
        assertEquals(enough ? Verdict.DONE : Verdict.LATER, verdict);
        worker.queue().publish();
        driver.reap();
        for (Posted chain : bad) {
            assertEquals(0, driver.take(chain.head()));
        }
        posted.removeAll(bad);
        if (!enough) {
            posted.forEach(chain -> assertNull(driver.take(chain.head())));
            return;
        }
        byte[] got = new byte[0];
        for (Posted chain : expected) {
            int used = Math.min(chain.bytes(), total - got.length);
            assertEquals(used, driver.take(chain.head()));
            byte[] content = chain.content(driver);
            got = Frames.join(got, Frames.slice(content, 0, used));
            for (int i = used; i < content.length; i++) {
                assertEquals(TestDriver.OLD, content[i]);
            }
        }
        posted.removeAll(expected);
        assertEquals(expected.size(), Frames.shortAt(got, 10));
        assertArrayEquals(bytes, Frames.slice(got, 12, bytes.length));
    }

    @Test
    void shouldTransmitLikeTheModel() throws Exception {
        Random random = TestSeeds.random("QueueModelTest.transmit");
        try (TestNic nic = new TestNic(0)) {
            QueueWorker worker = nic.start(1);
            TestDriver driver = nic.driver(1);
            Deque<byte[]> waiting = new ArrayDeque<>();
            Deque<Integer> heads = new ArrayDeque<>();
            Map<Frame, Integer> held = new HashMap<>();
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        for (int i = random.nextInt(6); i >= 0; i--) {
                            give(random, driver, waiting, heads);
                        }
                    }
                    case 2 -> nic.port.answer = ANSWERS.get(random.nextInt(ANSWERS.size()));
                    case 3 -> release(random, worker, driver, held);
                    case 4 -> worker.poll(0);
                    default -> transmit(random, nic, worker, waiting, heads, held);
                }
                worker.queue().publish();
                driver.reap();
                held.values().forEach(head -> assertFalse(driver.isDone(head)));
                if (heads.isEmpty() && held.isEmpty()) {
                    driver.reset();
                }
            }
            assertTrue(nic.port.plain > STEPS / 200, "taken at once: " + nic.port.plain);
        }
    }

    private static void give(
            Random random, TestDriver driver, Deque<byte[]> waiting, Deque<Integer> heads) {
        if (driver.room() < 3) {
            return;
        }
        byte[] bytes = Frames.payload(14 + random.nextInt(200), random.nextInt());
        byte[] all = Frames.join(new byte[12], bytes);
        if (random.nextInt(3) != 0) {
            heads.add(driver.add(List.of(driver.readable(all))));
            waiting.add(bytes);
            return;
        }
        int cut = 1 + random.nextInt(all.length - 2);
        int other = cut + 1 + random.nextInt(all.length - cut - 1);
        List<TestDriver.Buffer> buffers = new ArrayList<>();
        buffers.add(driver.readable(Frames.slice(all, 0, cut)));
        buffers.add(driver.readable(Frames.slice(all, cut, other - cut)));
        if (other < all.length) {
            buffers.add(driver.readable(Frames.slice(all, other, all.length - other)));
        }
        heads.add(driver.add(buffers));
        waiting.add(bytes);
    }

    private static void release(
            Random random, QueueWorker worker, TestDriver driver, Map<Frame, Integer> held) {
        if (held.isEmpty()) {
            return;
        }
        Frame frame = List.copyOf(held.keySet()).get(random.nextInt(held.size()));
        int head = held.remove(frame);
        frame.release();
        worker.poll(0);
        worker.queue().publish();
        driver.reap();
        assertEquals(0, driver.take(head));
    }

    private static void transmit(
            Random random,
            TestNic nic,
            QueueWorker worker,
            Deque<byte[]> waiting,
            Deque<Integer> heads,
            Map<Frame, Integer> held)
            throws Exception {
        nic.port.plainRoom = nic.port.answer == Verdict.DONE ? random.nextInt(6) : 0;
        nic.port.transmitted.clear();
        nic.port.held.clear();
        worker.poll(4);
        worker.queue().publish();
        TestDriver driver = nic.driver(1);
        driver.reap();
        int count = nic.port.answer == Verdict.LATER ? 0 : Math.min(heads.size(), 5);
        for (int i = 0; i < count && !heads.isEmpty(); i++) {
            int head = heads.element();
            boolean holds = nic.port.answer == Verdict.HELD && i < nic.port.held.size();
            if (!holds && !driver.isDone(head)) {
                break;
            }
            heads.remove();
            byte[] bytes = waiting.remove();
            if (holds) {
                held.put(nic.port.held.get(i), head);
            } else {
                assertEquals(0, driver.take(head));
            }
            if (nic.port.answer != Verdict.DROPPED) {
                assertArrayEquals(bytes, nic.port.transmitted.get(i).bytes());
            }
        }
        if (nic.port.answer == Verdict.LATER) {
            assertTrue(nic.port.transmitted.isEmpty());
        } else {
            assertTrue(count == 0 || worker.drained() || !held.isEmpty());
        }
    }
}
