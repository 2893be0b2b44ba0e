package dev.ringside.server.component;

import static dev.ringside.server.component.TestServer.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.server.component.TestServer.Disk;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every front-end's way to start a disk ends in verified I/O, whatever was negotiated. */
class StartIT {
    private static final int REQUESTS = 3_000;

    static List<Arguments> orders() {
        final List<Arguments> all = new ArrayList<>();
        for (final StartOrder order : StartOrder.values()) {
            for (final int queues : new int[] {1, 4}) {
                if (order == StartOrder.FIRECRACKER && queues > 1) {
                    continue;
                }
                all.add(Arguments.of(order, queues, "file"));
                all.add(Arguments.of(order, queues, "memory"));
            }
        }
        return all;
    }

    private static void assertVerified(final BlkDriver driver, final LoadOptions options)
            throws Exception {
        final LoadResult result = new BlkLoad(driver, options).run();
        assertTrue(result.clean(), result.summary());
        assertEquals(options.requests(), result.requests());
    }

    @ParameterizedTest
    @MethodSource("orders")
    void shouldServeVerifiedIoWhenStartedLike(
            final StartOrder order, final int queues, final String backend) throws Exception {
        try (TestServer server = TestServer.start(2)) {
            final String uri = backend.equals("file") ? server.file(8 * MIB) : "memory:size=8M";
            final Disk disk = server.disk(uri, 4);
            try (BlkDriver driver = disk.start(BlkOptions.defaults().order(order).queues(queues))) {
                assertEquals(8 * MIB, driver.capacityBytes());
                final LoadOptions options = LoadOptions.verified(16).requests(REQUESTS);
                assertVerified(driver, options);
                assertVerified(driver, options.polled(true));
                assertEquals(
                        2 * REQUESTS,
                        driver.stop().stream().mapToInt(Integer::intValue).sum(),
                        "the bases count every request once");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(StartOrder.class)
    void shouldServeVerifiedIoWithoutEventIdx(final StartOrder order) throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final Disk disk = server.disk(server.file(8 * MIB), 1);
            try (BlkDriver driver =
                    disk.start(
                            BlkOptions.defaults()
                                    .order(order)
                                    .without(VirtioSpec.F_EVENT_IDX)
                                    .without(VirtioSpec.F_INDIRECT_DESC))) {
                assertVerified(driver, LoadOptions.verified(16).requests(REQUESTS));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldServeVerifiedIoWhenIndirect(final boolean eventIdx) throws Exception {
        try (TestServer server = TestServer.start(2)) {
            final Disk disk = server.disk(server.file(8 * MIB), 2);
            BlkOptions options = BlkOptions.defaults().queues(2).indirectEntries(3);
            options = eventIdx ? options : options.without(VirtioSpec.F_EVENT_IDX);
            try (BlkDriver driver = disk.start(options)) {
                assertVerified(driver, LoadOptions.verified(64).indirect(true).requests(REQUESTS));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8, 256, 1024, 32_768})
    void shouldServeVerifiedIoWithRingsOfAnySize(final int size) throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final Disk disk = server.disk("memory:size=64M", 1);
            try (BlkDriver driver =
                    disk.start(
                            FrontendMemory.likePc(64 * MIB),
                            BlkOptions.defaults().queueSize(size))) {
                final int depth = Math.clamp(size / 3, 1, 4096);
                assertVerified(driver, LoadOptions.verified(depth).requests(10_000));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldServeVerifiedIoWithTinyRingsWhenIndirect(final int size) throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final Disk disk = server.disk("memory:size=1M", 1);
            try (BlkDriver driver =
                    disk.start(BlkOptions.defaults().queueSize(size).indirectEntries(3))) {
                assertVerified(
                        driver, LoadOptions.verified(size).indirect(true).requests(REQUESTS));
            }
        }
    }

    @Test
    void shouldFollowTheRingAcrossManyWraps() throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final Disk disk = server.disk("memory:size=8M", 1);
            try (BlkDriver driver = disk.start(BlkOptions.defaults().queueSize(8))) {
                // More than two turns of the 16-bit indices.
                assertVerified(driver, LoadOptions.verified(2).requests(140_000));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 1536, 65_536, MIB})
    void shouldServeVerifiedIoWithAnyBlockSize(final int bytes) throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final Disk disk = server.disk(server.file(32 * MIB), 1);
            try (BlkDriver driver = disk.start(BlkOptions.defaults())) {
                assertVerified(driver, LoadOptions.verified(8).blockBytes(bytes).requests(200));
            }
        }
    }

    @Test
    void shouldServeSeveralDisksAtOnceWhenShardsAreShared() throws Exception {
        try (TestServer server = TestServer.start(2)) {
            final List<BlkDriver> drivers = new ArrayList<>();
            final List<BlkLoad.Running> loads = new ArrayList<>();
            try {
                for (int i = 0; i < 4; i++) {
                    final Disk disk = server.disk("memory:size=4M", 3);
                    drivers.add(disk.start(BlkOptions.defaults().queues(3)));
                    loads.add(
                            new BlkLoad(
                                            drivers.getLast(),
                                            LoadOptions.verified(8).requests(REQUESTS).seed(i + 1))
                                    .start());
                }
                for (final BlkLoad.Running load : loads) {
                    final LoadResult result = load.join();
                    assertTrue(result.clean(), result.summary());
                }
            } finally {
                drivers.forEach(BlkDriver::close);
            }
            assertTrue(server.healthy());
        }
    }
}
