package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.NegativeReplyException;
import dev.ringside.frontend.VhostUserSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A front-end that wants more than it may have. */
@Timeout(120)
final class LimitsIT {
    private static final int RATE = 100;
    private static final int FLOOD = 60;
    private static final int HEADER_BYTES = 12;
    private static final int SLOTS = 4;
    private static final long REGION_BYTES = 1 << 20;

    @TempDir private Path folder = Path.of("/nonexistent");

    private RingsideChild serve() throws Exception {
        return RingsideChild.start(
                "blk",
                "--socket-path=" + folder.resolve("d.sock"),
                "--backend=memory:size=8M",
                "--metrics-port=0",
                "--memory-slots=" + SLOTS,
                "--mapped-memory=1G",
                "--message-rate=" + RATE);
    }

    /** GET_FEATURES without end: read no faster than the rate, and every one is answered. */
    @Test
    void shouldReadAFloodOfMessagesAtTheRate() throws Exception {
        try (RingsideChild serving = serve()) {
            String ready = serving.awaitReady();
            try (FrontendConnection flood = FrontendConnection.connect(folder.resolve("d.sock"))) {
                ByteBuffer all =
                        ByteBuffer.allocate(FLOOD * HEADER_BYTES).order(ByteOrder.nativeOrder());
                for (int i = 0; i < FLOOD; i++) {
                    all.putInt(VhostUserSpec.GET_FEATURES).putInt(1).putInt(0);
                }
                flood.sendRaw(all.array(), List.of());
                for (int i = 0; i < FLOOD; i++) {
                    assertEquals(Long.BYTES, flood.receive().payload().length);
                }
            }
            String metrics = RingsideChild.metrics(ready);
            assertFalse(
                    metrics.contains("ringside_session_pauses_total{device=\"d\"} 0"),
                    "it was never made to wait");
            assertTrue(
                    metrics.contains(
                            "ringside_session_limit{device=\"d\",limit=\"message-rate\"} 100"),
                    "limit");
        }
    }

    @Test
    void shouldRefuseMoreMemoryThanAllowedAndGoOn() throws Exception {
        try (RingsideChild serving = serve()) {
            String ready = serving.awaitReady();
            try (BlkDriver driver =
                    BlkDriver.start(
                            FrontendConnection.connect(folder.resolve("d.sock")),
                            FrontendMemory.likePc(16 << 20),
                            BlkOptions.defaults())) {
                assertEquals(SLOTS, driver.protocol().getMaxMemSlots());
                for (int i = driver.memory().regions().size(); i < SLOTS; i++) {
                    driver.addMemory(
                            FrontendRegion.create(
                                    (1L << 36) + 2L * i * REGION_BYTES, REGION_BYTES));
                }
                try (FrontendRegion more = FrontendRegion.create(1L << 40, REGION_BYTES)) {
                    boolean before = driver.protocol().needReply(true);
                    assertThrows(
                            NegativeReplyException.class, () -> driver.protocol().addMemory(more));
                    boolean unused = driver.protocol().needReply(before);
                }
                assertTrue(
                        new BlkLoad(driver, LoadOptions.verified(8).requests(200)).run().clean());
                String metrics = RingsideChild.metrics(ready);
                assertTrue(
                        metrics.contains("ringside_session_memory_regions{device=\"d\"} " + SLOTS),
                        metrics);
                assertTrue(
                        metrics.contains("ringside_session_refusals_total{device=\"d\"} 1"),
                        metrics);
            }
        }
    }
}
