package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.vhostuser.QueueStart;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.QueueCounter;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.Virtqueues;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a device that throws costs its front-end: a queue, but never an answer. */
class QueueSlotTest {
    private static final int RING = 16;
    private static final long REGION_BYTES = 1 << 20;

    private final List<String> heard = new ArrayList<>();

    private static <T> T stub(final Class<T> type, final InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** A ring in memory of its own, and a shard that turns only when it is told to. */
    private static final class Scene implements AutoCloseable {
        final MemoryRegion region;
        final GuestMemory memory;
        final Virtqueue queue;
        final Mailbox mailbox = new Mailbox();
        final MetricsRegistry metrics = new MetricsRegistry();
        final Shard shard;

        Scene() throws Exception {
            region = MemoryRegion.map(Memfd.create("guest", REGION_BYTES), 0, 0, REGION_BYTES, 0);
            memory = GuestMemory.of(List.of(region));
            queue =
                    Virtqueues.create(
                            new RingLayout(0, RING, 0, 16L * RING, 32L * RING), 0, 0, memory);
            shard = new Shard(0, EngineConfig.of(1, IdleMode.ADAPTIVE), mailbox, metrics);
        }

        @Override
        public void close() {
            shard.close();
            mailbox.close();
            region.close();
        }
    }

    /** A worker that fails where it may not, and has nothing in flight. */
    private static @Nullable Object workerCall(final Virtqueue queue, final String name) {
        return switch (name) {
            case "poll", "beginDrain" -> throw new IllegalArgumentException(name);
            case "drained" -> true;
            case "stop" -> queue;
            case "setEnabled", "finishTaken", "publishBy", "afterPublish" -> null;
            default -> throw new AssertionError(name);
        };
    }

    private QueueSlot start(final Shard shard, final Virtqueue queue, final GuestMemory memory) {
        return start(shard, memory, queue, (name, arguments) -> workerCall(queue, name));
    }

    private QueueSlot start(
            final Shard shard,
            final GuestMemory memory,
            final Virtqueue queue,
            final BiFunction<String, Object[], @Nullable Object> calls) {
        final QueueWorker worker =
                stub(
                        QueueWorker.class,
                        (proxy, method, arguments) -> calls.apply(method.getName(), arguments));
        final VirtioDevice device = stub(VirtioDevice.class, (proxy, method, arguments) -> worker);
        final QueueSlot slot =
                new QueueSlot(
                        device,
                        new QueueStart(queue, memory, null, null, null, null, true),
                        false,
                        new Counters<>(QueueCounter.class),
                        new QueueSlot.Listener() {
                            @Override
                            public void onRingFault(
                                    final int index,
                                    final RingFault why,
                                    final @Nullable Throwable cause) {
                                heard.add(why + " " + (cause == null ? "" : cause.getMessage()));
                            }

                            @Override
                            public void onMemoryVanished() {
                                heard.add("vanished");
                            }
                        });
        slot.start(shard, shard::failed);
        return slot;
    }

    @Test
    void shouldAnswerWhenTheDeviceFailsToSettleOrToDrain() throws Exception {
        for (final String failing : List.of("poll", "beginDrain")) {
            heard.clear();
            try (Scene scene = new Scene()) {
                final Virtqueue queue = scene.queue;
                final GuestMemory memory = scene.memory;
                final QueueSlot slot = start(scene.shard, queue, memory);
                if (failing.equals("poll")) {
                    slot.settle(() -> heard.add("settled"));
                } else {
                    slot.stop(
                            back -> {
                                assertSame(queue, back);
                                heard.add("stopped");
                            });
                }
            }
            assertEquals(
                    List.of(
                            RingFault.DEVICE_ERROR + " " + failing,
                            failing.equals("poll") ? "settled" : "stopped"),
                    heard);
        }
    }

    /** Whoever waits for memory to be free waits for no limit, and for no storage that is full. */
    @Test
    void shouldHaveWhatWasTakenFinishedWhenItDrains() throws Exception {
        try (Scene scene = new Scene()) {
            final Virtqueue queue = scene.queue;
            final GuestMemory memory = scene.memory;
            final QueueSlot slot =
                    start(
                            scene.shard,
                            memory,
                            queue,
                            (name, arguments) -> {
                                heard.add(name);
                                return name.equals("drained")
                                        ? heard.contains("finishTaken")
                                        : workerCall(queue, name);
                            });
            heard.clear();

            slot.setEnabled(false, () -> heard.add("done"));

            assertEquals(List.of("finishTaken", "drained", "setEnabled", "done"), heard);
        }
    }

    /** A worker may complete chains of a queue whose turn is over: nothing else wakes the shard. */
    @Test
    void shouldPublishBeforeTheShardSleeps() throws Exception {
        try (Scene scene = new Scene()) {
            final Virtqueue queue = scene.queue;
            final GuestMemory memory = scene.memory;
            final QueueSlot slot = start(scene.shard, queue, memory);
            completeOne(queue, memory);

            assertTrue(slot.prepareToSleep());

            assertEquals(0, queue.unpublished());
        }
    }

    /** One chain: descriptor 0, 64 writable bytes at the start of the memory. */
    private static void completeOne(final Virtqueue queue, final GuestMemory memory) {
        memory.segment(0).set(ValueLayout.JAVA_LONG, Long.BYTES, 2L << Integer.SIZE | 64);
        memory.segment(0).set(ValueLayout.JAVA_SHORT, 16L * RING + Short.BYTES, (short) 1);
        final DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        assertTrue(queue.next(chain));
        queue.complete(chain.head(), 1);
    }

    @Test
    void shouldPublishAtOnceWhenTheWorkerSaysSo() throws Exception {
        try (Scene scene = new Scene()) {
            final Runnable publish = completeForEarly(scene);

            publish.run();

            assertEquals(0, scene.queue.unpublished());
            assertEquals(List.of(), heard);
        }
    }

    /** It is in another queue's turn. */
    @Test
    void shouldFailAloneWhenPublishingAtOnceFails() throws Exception {
        try (Scene scene = new Scene()) {
            final Runnable publish = completeForEarly(scene);
            scene.region.close();

            publish.run();

            assertEquals(RingFault.DEVICE_ERROR, scene.queue.fault());
            assertEquals(1, ShardTotals.of(scene.metrics, 0, "ringside_shard_failures_total", ""));
            assertTrue(heard.getFirst().startsWith("" + RingFault.DEVICE_ERROR), heard::toString);
        }
    }

    /** Completes a chain; what the worker was given to publish it by. */
    private Runnable completeForEarly(final Scene scene) {
        final List<Runnable> given = new ArrayList<>();
        start(
                scene.shard,
                scene.memory,
                scene.queue,
                (name, arguments) -> {
                    if (name.equals("publishBy")) {
                        given.add((Runnable) arguments[0]);
                    }
                    return workerCall(scene.queue, name);
                });
        heard.clear();
        completeOne(scene.queue, scene.memory);
        return given.getFirst();
    }

    /** What was published in another queue's turn is counted, too, before nobody looks. */
    @Test
    void shouldCountBeforeTheShardSleeps() throws Exception {
        try (Scene scene = new Scene()) {
            final QueueSlot slot =
                    start(
                            scene.shard,
                            scene.memory,
                            scene.queue,
                            (name, arguments) -> {
                                heard.add(name);
                                return name.equals("wantsKicks")
                                        ? false
                                        : workerCall(scene.queue, name);
                            });
            heard.clear();

            assertFalse(slot.prepareToSleep());

            assertEquals(List.of("afterPublish", "wantsKicks"), heard);
        }
    }

    @Test
    void shouldCountOnlyWhatTheDriverHas() throws Exception {
        try (Scene scene = new Scene()) {
            final Virtqueue queue = scene.queue;
            final QueueSlot slot =
                    start(
                            scene.shard,
                            scene.memory,
                            queue,
                            (name, arguments) ->
                                    switch (name) {
                                        case "leastBurst" -> 1;
                                        case "poll" -> {
                                            completeOne(queue, scene.memory);
                                            yield 1;
                                        }
                                        case "afterPublish" -> {
                                            heard.add("left " + queue.unpublished());
                                            yield null;
                                        }
                                        default -> workerCall(queue, name);
                                    });

            assertEquals(2, slot.cycle(32, 1));

            assertEquals(List.of("left 0"), heard);
        }
    }

    @Test
    void shouldTakeAShareOfWhatWaitsButAtLeastWhatIsWorthATurn() throws Exception {
        final int waiting = 12;
        // What the worker says, what the shard says, and what is taken.
        final int[][] cases = {{2, 1, waiting / 4}, {5, 1, 5}, {2, 7, 7}, {5, 4, 5}, {16, 1, 16}};
        for (final int[] each : cases) {
            try (Scene scene = new Scene()) {
                final Virtqueue queue = scene.queue;
                final GuestMemory memory = scene.memory;
                memory.segment(0)
                        .set(ValueLayout.JAVA_SHORT, 16L * RING + Short.BYTES, (short) waiting);
                heard.clear();
                final QueueSlot slot =
                        start(
                                scene.shard,
                                memory,
                                queue,
                                (name, arguments) ->
                                        switch (name) {
                                            case "leastBurst" -> each[0];
                                            case "poll" -> {
                                                heard.add(String.valueOf(arguments[0]));
                                                yield 0;
                                            }
                                            default -> workerCall(queue, name);
                                        });

                slot.cycle(32, each[1]);

                assertEquals(List.of(Integer.toString(each[2])), heard);
            }
        }
    }
}
