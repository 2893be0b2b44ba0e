package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;

/**
 * A healthy disk in the same engine, on every shard, with verified I/O that has to go on whatever
 * happens to the others. {@link #close} stops it and checks every block that it ever wrote.
 */
final class Neighbour implements AutoCloseable {
    private static final int ENOUGH = 50;

    private final BlkDriver driver;
    private final BlkLoad.Running running;
    private final Pulse pulse;

    private Neighbour(final BlkDriver driver, final LoadOptions options) {
        this.driver = driver;
        this.running = new BlkLoad(driver, options).start();
        this.pulse = Pulse.of("requests of the disk beside it", running.load()::completed);
    }

    static Neighbour start(final TestServer server) throws Exception {
        final TestServer.Disk disk = server.disk("memory:size=8M", 2);
        return new Neighbour(disk.start(BlkOptions.defaults().queues(2)), LoadOptions.verified(8));
    }

    /** Waits until requests that began after now have come back. */
    void assertGoesOn() throws Exception {
        final long before = running.load().completed();
        Await.until(
                "the neighbour's I/O goes on",
                () -> running.ended() || running.load().completed() > before + ENOUGH);
        assertFalse(running.ended(), "the neighbour's load ended by itself");
    }

    /** What it got done, from one {@link Pulse#begin} to the next. */
    Pulse pulse() {
        return pulse;
    }

    @Override
    public void close() throws IOException {
        try (driver;
                pulse) {
            final LoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), "neighbour: " + result.summary());
            final BlkLoad check =
                    new BlkLoad(
                            driver,
                            LoadOptions.verified(8)
                                    .random(false)
                                    .readPercent(100)
                                    .requests(running.load().ledger().blocks()),
                            running.load().ledger());
            final LoadResult checked = check.run();
            assertTrue(checked.clean(), "neighbour's last look: " + checked.summary());
        }
    }
}
