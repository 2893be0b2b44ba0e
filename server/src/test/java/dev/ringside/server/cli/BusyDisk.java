package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** A front-end whose verified I/O has to go on while its process is attacked from elsewhere. */
final class BusyDisk implements AutoCloseable {
    private static final int DEPTH = 8;
    private static final long MEMORY_BYTES = 16 << 20;
    private static final long LIMIT_NS = 60_000_000_000L;

    private final BlkDriver driver;
    private final BlkLoad.Running load;

    private BusyDisk(BlkDriver driver) {
        this.driver = driver;
        load = new BlkLoad(driver, LoadOptions.verified(DEPTH)).start();
    }

    static BusyDisk start(Path socket) throws IOException {
        return new BusyDisk(
                BlkDriver.start(
                        FrontendConnection.connect(socket),
                        FrontendMemory.likePc(MEMORY_BYTES),
                        BlkOptions.defaults()));
    }

    /** Waits until requests that began after now have come back. */
    void assertGoesOn() {
        long before = load.load().completed();
        long deadline = System.nanoTime() + LIMIT_NS;
        while (load.load().completed() <= before + 2 * DEPTH) {
            assertFalse(load.ended(), "the load ended by itself");
            if (System.nanoTime() > deadline) {
                fail("the load does not go on");
            }
            LockSupport.parkNanos(200_000);
        }
    }

    /** Ends it; nothing of what it read was other than what it wrote. */
    @Override
    public void close() throws IOException {
        try (driver) {
            LoadResult result = load.stopAndJoin();
            assertTrue(result.clean(), result.summary());
        }
    }
}
