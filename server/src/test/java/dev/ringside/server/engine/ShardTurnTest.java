package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.Virtqueues;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How much each of several devices takes in a shard's turns. */
final class ShardTurnTest {
    private static final int RING = 16;
    private static final long REGION_BYTES = 1 << 20;
    private static final int LEAST_BURST = 5;
    private static final int ALL = Shard.LEAST_AMONG_OTHERS;

    private MemoryRegion region;
    private Mailbox mailbox;
    private Shard shard;

    /** By device: what it may take in the last turn, and what it takes. */
    private final Map<Integer, Integer> asked = new TreeMap<>();

    private final Map<Integer, Integer> taken = new TreeMap<>();

    @BeforeEach
    void start() throws Exception {
        region = MemoryRegion.map(Memfd.create("guest", REGION_BYTES), 0, 0, REGION_BYTES, 0);
        mailbox = new Mailbox();
        shard = new Shard(0, EngineConfig.of(1, IdleMode.ADAPTIVE), mailbox, new MetricsRegistry());
    }

    @AfterEach
    void end() {
        shard.close();
        mailbox.close();
        region.close();
    }

    private Virtqueue addDevice(final int name) throws Exception {
        final GuestMemory memory = GuestMemory.of(List.of(region));
        final Virtqueue queue =
                Virtqueues.create(new RingLayout(0, RING, 0, 16L * RING, 32L * RING), 0, 0, memory);
        final VirtioDevice device =
                (VirtioDevice)
                        Proxy.newProxyInstance(
                                getClass().getClassLoader(),
                                new Class<?>[] {VirtioDevice.class},
                                (proxy, method, arguments) -> worker(name));
        taken.put(name, 0);
        shard.add(NoFaults.slot(device, queue, memory));
        return queue;
    }

    private QueueWorker worker(final int name) {
        return (QueueWorker)
                Proxy.newProxyInstance(
                        getClass().getClassLoader(),
                        new Class<?>[] {QueueWorker.class},
                        (proxy, method, arguments) ->
                                switch (method.getName()) {
                                    case "poll" -> {
                                        asked.put(name, (int) arguments[0]);
                                        yield taken.get(name);
                                    }
                                    case "leastBurst" -> LEAST_BURST;
                                    default -> null;
                                });
    }

    private Map<Integer, Integer> turn() {
        asked.clear();
        shard.doWork();
        return Map.copyOf(asked);
    }

    /** One buffer of 16 bytes in the ring that all devices here have. */
    private void makeAvailable() {
        final MemorySegment ring = region.segment();
        ring.set(ValueLayout.JAVA_LONG, 0, REGION_BYTES / 2);
        ring.set(ValueLayout.JAVA_INT, 8, 16);
        ring.set(ValueLayout.JAVA_SHORT, 16 * RING + 2, (short) 1);
    }

    /** How often each device had its turn. */
    private Map<Integer, Integer> turns(final int count) {
        final Map<Integer, Integer> turns = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            turn().keySet().forEach(name -> turns.merge(name, 1, Integer::sum));
        }
        return turns;
    }

    @Test
    void shouldTakeMoreAtOnceOnceSeveralDevicesHaveWork() throws Exception {
        addDevice(0);
        addDevice(1);
        taken.replaceAll((name, before) -> 1);

        assertEquals(Map.of(0, LEAST_BURST, 1, LEAST_BURST), turn());
        assertEquals(Map.of(0, ALL, 1, ALL), turn());
    }

    @Test
    void shouldTakeLittleAtOnceWhileOneOfManyDevicesHasWork() throws Exception {
        addDevice(0);
        addDevice(1);
        addDevice(2);
        taken.put(1, 1);

        turn();
        assertEquals(Map.of(0, LEAST_BURST, 1, LEAST_BURST, 2, LEAST_BURST), turn());

        taken.put(2, 1);
        turn();
        assertEquals(Map.of(0, ALL, 1, ALL, 2, ALL), turn());

        taken.put(1, 0);
        turn();
        assertEquals(Map.of(0, LEAST_BURST, 1, LEAST_BURST, 2, LEAST_BURST), turn());
    }

    @Test
    void shouldLookAtQuietDevicesInTurnWhileOthersHaveWork() throws Exception {
        addDevice(0);
        addDevice(1);
        addDevice(2);
        taken.put(0, 1);
        turns(DeviceShare.QUIET_TURNS);

        assertEquals(Map.of(0, 3 * Shard.QUIET_EVERY, 1, 3, 2, 3), turns(3 * Shard.QUIET_EVERY));
    }

    @Test
    void shouldNotCallADeviceQuietThatHasJustHadWork() throws Exception {
        addDevice(0);
        addDevice(1);
        taken.put(0, 1);
        turns(DeviceShare.QUIET_TURNS);
        taken.put(1, 1);
        turns(Shard.QUIET_EVERY);
        taken.put(1, 0);

        assertEquals(
                Map.of(0, DeviceShare.QUIET_TURNS, 1, DeviceShare.QUIET_TURNS),
                turns(DeviceShare.QUIET_TURNS));
    }

    @Test
    void shouldNotCallADeviceQuietThatWaitsForTheHost() throws Exception {
        addDevice(0);
        Virtqueue queue = addDevice(1);
        taken.put(0, 1);
        makeAvailable();
        assertTrue(queue.next(new DescriptorChain(queue.maxChainEntries())));
        turns(2 * DeviceShare.QUIET_TURNS);

        assertEquals(Map.of(0, 1, 1, 1), turns(1));
    }

    @Test
    void shouldLookAtAllBeforeItSleeps() throws Exception {
        addDevice(0);
        addDevice(1);
        taken.put(0, 1);
        turns(DeviceShare.QUIET_TURNS);
        for (int i = 0; i < Shard.QUIET_EVERY && asked.containsKey(1); i++) {
            turn();
        }
        taken.put(0, 0);

        asked.clear();
        assertTrue(
                shard.doWork() > 0, "a cycle that left out a device, and is none to sleep after");
        assertEquals(Set.of(0), asked.keySet());
        asked.clear();
        assertEquals(0, shard.doWork());
        assertEquals(Set.of(0, 1), asked.keySet());
    }
}
