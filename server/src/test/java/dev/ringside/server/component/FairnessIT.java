package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A disk with many deep queues beside one with a single shallow one, on the same shard. */
@Timeout(120)
final class FairnessIT {
    private static final int MANY = 16;
    private static final int REQUESTS = 2_000;

    private static LoadResult quiet(final BlkDriver driver) throws IOException {
        return new BlkLoad(driver, LoadOptions.verified(1).requests(REQUESTS)).run();
    }

    @Test
    void shouldLimitTheDeviceWithManyQueues() throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final BlkDriver quiet =
                    server.disk("memory:size=8M", 1).start(BlkOptions.defaults().queues(1));
            final BlkDriver flood =
                    server.disk("memory:size=32M", MANY).start(BlkOptions.defaults().queues(MANY));
            try (quiet;
                    flood) {
                final LoadResult alone = quiet(quiet);
                final BlkLoad.Running flooding =
                        new BlkLoad(flood, LoadOptions.verified(64)).start();
                final LoadResult beside = quiet(quiet);
                final LoadResult flooded = flooding.stopAndJoin();

                assertTrue(alone.clean(), alone.summary());
                assertTrue(beside.clean(), beside.summary());
                assertTrue(flooded.clean(), flooded.summary());
                System.out.println("quiet disk alone: " + alone.summary());
                System.out.println("quiet disk beside a flood: " + beside.summary());
                System.out.println("the flood: " + flooded.summary());
                assertFalse(
                        server.counters("ringside_shard_shares_used").isEmpty(),
                        "the flood was never told to wait");
            }
        }
    }
}
