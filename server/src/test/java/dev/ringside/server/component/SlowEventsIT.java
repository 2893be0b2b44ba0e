package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.Limit;
import dev.ringside.virtio.blk.limit.LimitKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Flight Recorder has of requests and turns that were slow. */
@Timeout(120)
final class SlowEventsIT {
    private static final String STALL = "dev.ringside.ShardStall";
    private static final String REQUEST = "dev.ringside.SlowRequest";
    private static final long PAUSE_NS = 250_000_000;

    /** All requests but the first wait for a fifth of a second. */
    private static final BlkLimits LIMITED = new BlkLimits(Map.of(LimitKind.IOPS, new Limit(5, 1)));

    @TempDir private Path folder = Path.of("/nonexistent");

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream().filter(e -> e.getEventType().getName().equals(name)).toList();
    }

    @Test
    void shouldRecordRequestsAndTurnsThatTookLong() throws Exception {
        final Path file = folder.resolve("slow.jfr");
        try (TestServer server = TestServer.start(1);
                Recording recording = new Recording()) {
            final TestServer.Disk disk = server.disk(server.file(1 << 20), 1);
            try (var driver = disk.start(BlkOptions.defaults())) {
                recording.enable(STALL);
                recording.enable(REQUEST);
                recording.start();
                final BlkIo io = new BlkIo(driver, 0, 4096);
                disk.device().limits().set(LIMITED);
                for (int i = 0; i < 5; i++) {
                    assertEquals(BlkSpec.S_OK, io.read(16, new byte[512]));
                }
                server.onShard(0, () -> LockSupport.parkNanos(PAUSE_NS));
                // A turn has ended when the next one begins.
                server.onShard(0, () -> {});

                recording.stop();
            }
            recording.dump(file);
        }
        assertTrue(Files.size(file) > 0);
        final List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertFalse(named(events, STALL).isEmpty(), "no stall");
        final RecordedEvent stall = named(events, STALL).getLast();
        assertEquals(0, stall.getInt("shard"));
        assertEquals(1, stall.getInt("queues"));
        assertTrue(stall.getDuration("took").compareTo(Duration.ofMillis(200)) > 0);
        final RecordedEvent slow = named(events, REQUEST).getLast();
        assertEquals("disk0", slow.getString("device"));
        assertEquals(0, slow.getInt("queue"));
        assertEquals("read", slow.getString("operation"));
        assertEquals(16, slow.getLong("sector"));
        assertEquals(512, slow.getLong("bytes"));
        assertTrue(slow.getDuration("took").compareTo(Duration.ofMillis(100)) >= 0);
    }
}
