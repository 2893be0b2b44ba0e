package dev.ringside.server.component;

import static dev.ringside.server.component.TestServer.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.server.component.TestServer.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The memory table in all its forms, and changed while the rings run. */
class MemoryChangeIT {
    private static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final int SLOTS = 509;
    private static final long SLOT_BYTES = 64 << 10;

    private TestServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = TestServer.start(2);
    }

    @AfterEach
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private static FrontendRegion slot(final int i) throws IOException {
        return FrontendRegion.create((1L << 36) + 2L * i * SLOT_BYTES, SLOT_BYTES);
    }

    private static void assertClean(final LoadResult result) {
        assertTrue(result.clean(), result.summary());
    }

    @Test
    void shouldAddAndRemoveAllSlotsUnderVerifiedLoad() throws Exception {
        final Disk disk = server.disk(server.file(16 * MIB), 2);
        try (BlkDriver driver = disk.start(BlkOptions.defaults().queues(2))) {
            assertEquals(SLOTS, driver.protocol().getMaxMemSlots());
            final BlkLoad.Running running = new BlkLoad(driver, LoadOptions.verified(16)).start();
            final List<FrontendRegion> added = new ArrayList<>();
            for (int i = driver.memory().regions().size(); i < SLOTS; i++) {
                added.add(slot(i));
                driver.addMemory(added.getLast());
            }
            try (FrontendRegion tooMany = slot(SLOTS)) {
                assertThrows(NegativeReplyException.class, () -> add(driver, tooMany));
            }
            final long before = running.load().completed();
            Await.until("the load goes on", () -> running.load().completed() > before + 100);
            Collections.shuffle(added, new Random(SEED));
            for (final FrontendRegion region : added) {
                driver.removeMemory(region);
            }
            assertClean(running.stopAndJoin());
        }
    }

    // Tells the back-end only: the driver's own table stays as it is.
    private static void add(final BlkDriver driver, final FrontendRegion region)
            throws IOException {
        final boolean before = driver.protocol().needReply(true);
        try {
            driver.protocol().addMemory(region);
        } finally {
            driver.protocol().needReply(before);
        }
    }

    @Test
    void shouldUseARegionThatWasAddedWhileRunning() throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final BlkIo io = new BlkIo(driver, 0, 4096);
            for (int round = 0; round < 5; round++) {
                final FrontendRegion region = slot(round % 2);
                driver.addMemory(region);
                final MemorySegment bytes = region.segment();
                bytes.fill((byte) (round + 1));
                io.writeHeader(io.controlAddress(), BlkSpec.T_OUT, 8);
                final DriverChain chain =
                        new DriverChain()
                                .readable(io.controlAddress(), BlkSpec.HEADER_BYTES)
                                .readable(region.guestAddress(), (int) SLOT_BYTES)
                                .writable(io.controlAddress() + 512, 1);
                assertEquals(BlkSpec.S_OK, io.execute(chain, io.controlAddress() + 512));
                driver.removeMemory(region);
                final byte[] back = new byte[512];
                assertEquals(BlkSpec.S_OK, io.read(8, back));
                assertEquals(round + 1, back[511]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = StartOrder.class,
            names = {"QEMU", "CLOUD_HYPERVISOR", "FIRECRACKER", "CROSVM"})
    void shouldServeThirtyTwoRegionsInOneTable(final StartOrder order) throws Exception {
        final Disk disk = server.disk(server.file(16 * MIB), 1);
        try (BlkDriver driver =
                disk.start(
                        FrontendMemory.scattered(VhostUserSpec.MAX_TABLE_REGIONS, MIB),
                        BlkOptions.defaults().order(order).memorySlots(false))) {
            assertClean(new BlkLoad(driver, LoadOptions.verified(32).requests(2_000)).run());
        }
    }

    @Test
    void shouldReplaceTheTableUnderVerifiedLoad() throws Exception {
        final Disk disk = server.disk(server.file(16 * MIB), 2);
        try (BlkDriver driver = disk.start(BlkOptions.defaults().queues(2).memorySlots(false))) {
            final BlkLoad.Running running = new BlkLoad(driver, LoadOptions.verified(16)).start();
            for (int round = 0; round < 10; round++) {
                final List<FrontendRegion> added = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    added.add(slot(i));
                    driver.addMemory(added.getLast());
                }
                for (final FrontendRegion region : added) {
                    driver.removeMemory(region);
                }
                final long before = running.load().completed();
                Await.until("the load goes on", () -> running.load().completed() > before + 50);
            }
            assertClean(running.stopAndJoin());
        }
    }

    @Test
    void shouldServeBuffersThatCrossAdjacentRegions() throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 1);
        try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
            final BlkIo io = new BlkIo(driver, 0, 16 << 10);
            final FrontendRegion left = FrontendRegion.create(1L << 33, 8192);
            final FrontendRegion right =
                    FrontendRegion.create((1L << 33) + 8192, 1L << 45, 8192, 4096);
            driver.addMemory(left);
            driver.addMemory(right);
            final byte[] data = new byte[12 << 10];
            new Random(SEED).nextBytes(data);
            MemorySegment.copy(data, 0, left.segment(), ValueLayout.JAVA_BYTE, 1024, 7168);
            MemorySegment.copy(data, 7168, right.segment(), ValueLayout.JAVA_BYTE, 0, 5120);
            io.writeHeader(io.controlAddress(), BlkSpec.T_OUT, 3);
            final DriverChain chain =
                    new DriverChain()
                            .readable(io.controlAddress(), BlkSpec.HEADER_BYTES)
                            .readable(left.guestAddress() + 1024, data.length)
                            .writable(io.controlAddress() + 512, 1);
            assertEquals(BlkSpec.S_OK, io.execute(chain, io.controlAddress() + 512));
            final byte[] back = new byte[data.length];
            assertEquals(BlkSpec.S_OK, io.read(3, back));
            assertArrayEquals(data, back, "seed " + SEED);
        }
    }

    @Test
    void shouldHonourMmapOffsets() throws Exception {
        final Disk disk = server.disk(server.file(4 * MIB), 1);
        final FrontendMemory memory = new FrontendMemory();
        // The offset is larger than the region, as with memory that lies behind other memory.
        memory.add(FrontendRegion.create(0x1000, 0x7000_0000_0000L, MIB, 4L * MIB));
        memory.add(FrontendRegion.create(1L << 32, 0x6000_0000_0000L, MIB, 4096));
        try (BlkDriver driver = disk.start(memory, BlkOptions.defaults())) {
            assertClean(new BlkLoad(driver, LoadOptions.verified(32).requests(2_000)).run());
        }
    }
}
