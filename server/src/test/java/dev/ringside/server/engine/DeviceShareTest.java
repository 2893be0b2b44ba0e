package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.Virtqueues;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the queues of one device may take of a cycle, by a clock that the test turns. */
final class DeviceShareTest {
    private static final int RING = 16;
    private static final long REGION_BYTES = 1 << 20;
    private static final long SHARE_NS = 1_000;
    private static final int BUDGET = 8;

    private final Counters<ShardCounter> counters = new Counters<>(ShardCounter.class);
    private final List<QueueSlot> slots = new ArrayList<>();
    private final List<String> polls = new ArrayList<>();
    private MemoryRegion region;
    private Mailbox mailbox;
    private Shard shard;
    private DeviceShare share;
    private long nowNs;

    /** How long a turn of each queue takes when it takes chains. */
    private long turnNs;

    private VirtioDevice device;

    @BeforeEach
    void start() throws Exception {
        final EngineConfig config =
                EngineConfig.of(1, IdleMode.ADAPTIVE).withShares(BUDGET, SHARE_NS);
        region = MemoryRegion.map(Memfd.create("guest", REGION_BYTES), 0, 0, REGION_BYTES, 0);
        mailbox = new Mailbox();
        shard = new Shard(0, config, mailbox, new MetricsRegistry());
        device =
                (VirtioDevice)
                        Proxy.newProxyInstance(
                                getClass().getClassLoader(),
                                new Class<?>[] {VirtioDevice.class},
                                (proxy, method, arguments) -> worker((Virtqueue) arguments[0]));
        share = new DeviceShare(device, config, () -> nowNs, counters);
    }

    @AfterEach
    void end() {
        shard.close();
        mailbox.close();
        region.close();
    }

    private QueueWorker worker(final Virtqueue queue) {
        return (QueueWorker)
                Proxy.newProxyInstance(
                        getClass().getClassLoader(),
                        new Class<?>[] {QueueWorker.class},
                        (proxy, method, arguments) ->
                                switch (method.getName()) {
                                    case "poll" -> polled(queue.index(), (int) arguments[0]);
                                    case "leastBurst" -> BUDGET;
                                    default -> null;
                                });
    }

    private int polled(final int queue, final int most) {
        polls.add(queue + ":" + most);
        nowNs += most == 0 ? 0 : turnNs;
        return most;
    }

    private void addQueues(final int count) throws Exception {
        final GuestMemory memory = GuestMemory.of(List.of(region));
        for (int i = 0; i < count; i++) {
            final Virtqueue queue =
                    Virtqueues.create(
                            new RingLayout(i, RING, 0, 16L * RING, 32L * RING), 0, 0, memory);
            final QueueSlot slot = NoFaults.slot(device, queue, memory);
            slot.start(shard, shard::failed);
            slots.add(slot);
            share.add(slot);
        }
    }

    private List<String> turn(final boolean alone) {
        polls.clear();
        share.turn(alone, 1);
        return List.copyOf(polls);
    }

    private long sharesUsed() {
        return counters.get(ShardCounter.SHARES_USED);
    }

    @Test
    void shouldTakeNoMoreThanItsShareAndGoOnWhereItWas() throws Exception {
        addQueues(4);
        turnNs = SHARE_NS / 2;

        assertEquals(List.of("0:8", "1:8", "2:0", "3:0"), turn(false));
        assertEquals(List.of("2:8", "3:8", "0:0", "1:0"), turn(false));
        assertEquals(List.of("0:8", "1:8", "2:0", "3:0"), turn(false));
        assertEquals(3, sharesUsed());
    }

    @Test
    void shouldHearEveryQueueWhenTheShareLasts() throws Exception {
        addQueues(3);
        turnNs = SHARE_NS / 4;

        assertEquals(List.of("0:8", "1:8", "2:8"), turn(false));
        assertEquals(0, sharesUsed());
    }

    @Test
    void shouldTakeEverythingWhenItIsAlone() throws Exception {
        addQueues(4);
        turnNs = 10 * SHARE_NS;

        assertEquals(List.of("0:8", "1:8", "2:8", "3:8"), turn(true));
        assertEquals(0, sharesUsed());
    }

    @Test
    void shouldBeBoundByTheBudgetWithOneQueue() throws Exception {
        addQueues(1);
        turnNs = 10 * SHARE_NS;

        assertEquals(List.of("0:8"), turn(false));
        assertEquals(0, sharesUsed());
    }

    @Test
    void shouldGoOnWhenTheQueueThatCameNextIsGone() throws Exception {
        addQueues(4);
        turnNs = SHARE_NS / 3 + 1;
        turn(false);

        share.remove(slots.get(3));

        assertEquals(List.of("0:8", "1:8", "2:8"), turn(false));
    }
}
