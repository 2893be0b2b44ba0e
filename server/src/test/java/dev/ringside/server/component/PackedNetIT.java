package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A NIC with packed rings under load, each way alone and both ways. */
class PackedNetIT {
    private static final int FRAMES = 300_000;

    private TestServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = TestServer.start(1);
    }

    @AfterEach
    void stopServer() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private NetLoadResult run(
            final String port, final boolean events, final int ringSize, final NetLoadOptions load)
            throws Exception {
        NetOptions options = NetOptions.defaults().with(VirtioSpec.F_RING_PACKED);
        options = events ? options : options.without(VirtioSpec.F_EVENT_IDX);
        try (NetDriver driver = server.nic(port).start(options.queueSize(ringSize))) {
            final NetLoadResult result = new NetLoad(driver, load.frames(FRAMES)).run();
            assertTrue(result.clean(), () -> result.summary() + server.counters("queue"));
            return result;
        }
    }

    @ParameterizedTest
    @CsvSource({"true, 256, true", "false, 1024, true", "true, 300, false", "false, 256, false"})
    void shouldFillAndEmpty(final boolean events, final int ringSize, final boolean polled)
            throws Exception {
        final NetLoadOptions sink = NetLoadOptions.sink(64, 128).polled(polled);
        assertEquals(FRAMES, run("null", events, ringSize, sink).sent());

        final NetLoadOptions source = NetLoadOptions.source(128).polled(polled);
        assertTrue(run("generator:size=64", events, ringSize, source).received() >= FRAMES);
    }

    @ParameterizedTest
    @CsvSource({"true, 256, true", "false, 1024, true", "true, 300, false", "false, 256, false"})
    void shouldReturnEveryFrame(final boolean events, final int ringSize, final boolean polled)
            throws Exception {
        final NetLoadOptions loop = NetLoadOptions.verified(64, 64).sizes(30, 1518).polled(polled);
        assertEquals(FRAMES, run("loopback", events, ringSize, loop).received());
    }
}
