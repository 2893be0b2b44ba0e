package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import java.io.IOException;

/**
 * A healthy NIC in the same engine, on every shard, whose verified frames have to go on coming back
 * whatever happens to the others. {@link #close} stops it and looks whether one was lost.
 */
final class NetNeighbour implements AutoCloseable {
    private static final int ENOUGH = 50;

    private final NetDriver driver;
    private final NetLoad.Running running;
    private final Pulse pulse;

    private NetNeighbour(final NetDriver driver) {
        this.driver = driver;
        this.running = new NetLoad(driver, NetLoadOptions.verified(200, 8)).start();
        this.pulse = Pulse.of("frames of the NIC beside it", running.load()::completed);
    }

    static NetNeighbour start(final TestServer server) throws Exception {
        final TestServer.Nic nic = server.nic("loopback", config -> config.withQueuePairs(2));
        return new NetNeighbour(nic.start(NetOptions.defaults().pairs(2)));
    }

    /** Waits until frames that were sent after now have come back. */
    void assertGoesOn() throws Exception {
        final long before = running.load().completed();
        Await.until(
                "the neighbour's frames go on",
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
            final NetLoadResult result = running.stopAndJoin();
            assertTrue(result.clean(), "neighbour: " + result.summary());
        }
    }
}
