package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.server.component.TestServer.Disk;
import dev.ringside.shm.FaultGuard;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Front-ends that cut their memory at random moments while their rings are full of I/O. {@code
 * -Dringside.truncations=10000} spreads so many over all kinds of devices and rings.
 */
class TruncationIT extends HostileNics {
    private static final int KINDS = 8;
    private static final int ROUNDS = Integer.getInteger("ringside.truncations", 160) / KINDS;
    private static final int REGION_BYTES = 2 << 20;
    private static final int PAGE = 4096;
    private static final int LONGEST_WAIT_NS = 3_000_000;
    private static final int STARTED = 20;
    private static final int USED_PAGES = 48;
    private static final int MAY_END_MS = 5;

    private final Random random = new Random(SEED);
    private long hangups;

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "split, direct",
                "packed, direct",
                "split, buffered",
                "packed, buffered",
                "split, memory",
                "packed, memory"
            })
    void shouldCloseOnlyTheDiskWhoseMemoryIsCut(final String kind) throws Exception {
        final Disk disk = disk(kind);
        for (int round = 0; round < ROUNDS; round++) {
            final int indirect = random.nextInt(2) * 3;
            final BlkOptions options =
                    rings(kind)
                            .queueSize(256)
                            .indirectEntries(indirect)
                            .inflight(random.nextBoolean());
            final FrontendMemory memory = fragile();
            try (BlkDriver driver = disk.start(memory, options)) {
                final LoadOptions load = LoadOptions.verified(32).indirect(indirect > 0);
                cut(driver, memory, RunningLoad.of(new BlkLoad(driver, load).start()));
            }
        }
        assertCut(disk.name());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCloseOnlyTheNicWhoseMemoryIsCut(final boolean packed) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            final FrontendMemory memory = fragile();
            try (NetDriver driver =
                    NetDriver.start(
                            nic().connect(),
                            memory,
                            packed ? OFFLOADS.with(VirtioSpec.F_RING_PACKED) : OFFLOADS)) {
                final NetLoadOptions load = NetLoadOptions.verified(1000, 64);
                cut(driver, memory, RunningLoad.of(new NetLoad(driver, load).start()));
            }
        }
        assertCut(nic().name());
    }

    private Disk disk(final String kind) throws Exception {
        if (kind.endsWith("memory")) {
            return extraDisk("memory:size=8M", 1);
        }
        return extraDisk(
                server().file(8 * TestServer.MIB)
                        + (kind.endsWith("buffered") ? ",direct=off" : ""),
                1);
    }

    private static BlkOptions rings(final String kind) {
        final BlkOptions options = BlkOptions.defaults();
        return kind.startsWith("packed") ? options.with(VirtioSpec.F_RING_PACKED) : options;
    }

    private static FrontendMemory fragile() throws IOException {
        final FrontendMemory memory = new FrontendMemory();
        memory.add(FrontendRegion.fragile(0, REGION_BYTES));
        memory.add(FrontendRegion.fragile(1L << 32, REGION_BYTES));
        return memory;
    }

    /** Cuts one region or both, to nothing or anywhere; sometimes it is long again at once. */
    private void cut(final VirtioDriver driver, final FrontendMemory memory, final RunningLoad load)
            throws Exception {
        Await.until("the load runs", () -> load.completed() > STARTED);
        LockSupport.parkNanos(random.nextInt(LONGEST_WAIT_NS));
        final int regions = 1 + random.nextInt(3);
        final long bytes = random.nextBoolean() ? 0 : PAGE * random.nextLong(USED_PAGES);
        final boolean back = random.nextInt(8) == 0;
        for (int i = 0; i < 2; i++) {
            if ((regions >> i & 1) != 0) {
                memory.regions().get(i).truncate(bytes);
                if (back) {
                    memory.regions().get(i).truncate(REGION_BYTES);
                }
            }
        }
        driver.queues().forEach(queue -> queue.kick());
        final FrontendConnection connection = driver.protocol().connection();
        if (bytes == 0 && !back && regions == 3) {
            // Of a single region a device without traffic may touch nothing.
            assertTrue(connection.awaitHangup(), "the session ends, seed " + SEED);
            hangups++;
        } else {
            connection.awaitReadable(MAY_END_MS);
        }
        load.abandon();
    }

    /** The attack hit: so many sessions of this device ended because their memory vanished. */
    private void assertCut(final String device) throws Exception {
        final Map<String, String> labels = Map.of("device", device, "reason", "memory-vanished");
        final String counter = "ringside_session_closed_total" + new TreeMap<>(labels);
        final long vanished = server().counters("session_closed").getOrDefault(counter, 0L);
        System.out.println(
                "attack | %s: %d truncations, %d sessions ended, faults met %d"
                        .formatted(device, ROUNDS, vanished, FaultGuard.faults()));
        assertTrue(vanished >= hangups, vanished + " of " + hangups + ", seed " + SEED);
        hangups = 0;
    }
}
