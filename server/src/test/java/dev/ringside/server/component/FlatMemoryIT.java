package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Thousands of connections that end badly, and what the process holds after them. {@code
 * -Dringside.connections=20000} makes more of them.
 */
class FlatMemoryIT extends HostileNics {
    private static final int CONNECTIONS = Integer.getInteger("ringside.connections", 2_000);
    private static final int SAMPLES = 5;
    private static final long HEAP_LIMIT = 8 << 20;
    private static final long NATIVE_LIMIT = 128 << 20;

    private final Random random = new Random(SEED);

    @Test
    void shouldHoldNoMoreAfterThousandsOfHostileConnections() throws Exception {
        // What is allocated once, compiled and cached comes before the first look.
        attack(CONNECTIONS / SAMPLES);
        final long heap = heap();
        final long resident = residentAnonymous();
        final StringBuilder samples = new StringBuilder();
        for (int i = 0; i < SAMPLES; i++) {
            attack(CONNECTIONS / SAMPLES);
            samples.append(
                    " heap %+d KiB, anonymous %+d KiB;"
                            .formatted(
                                    (heap() - heap) >> 10, (residentAnonymous() - resident) >> 10));
        }
        System.out.println(
                "attack | " + CONNECTIONS + " hostile connections, after each fifth:" + samples);
        assertTrue(heap() - heap < HEAP_LIMIT, samples + " seed " + SEED);
        assertTrue(residentAnonymous() - resident < NATIVE_LIMIT, samples + " seed " + SEED);
    }

    private void attack(final int connections) throws Exception {
        for (int i = 0; i < connections; i++) {
            try {
                switch (i % 5) {
                    case 0 -> garbage();
                    case 1 -> descriptors();
                    case 2 -> brokenRing();
                    case 3 -> halfMessage();
                    default -> nicLeft();
                }
            } catch (IOException e) {
                // Hung up before all was sent: its right.
                assertTrue(server().healthy(), e.toString());
            }
        }
    }

    private void garbage() throws IOException {
        final byte[] bytes = new byte[1 + random.nextInt(4000)];
        random.nextBytes(bytes);
        try (FrontendConnection connection = victim().connect()) {
            connection.sendRaw(bytes, List.of());
        }
    }

    private void descriptors() throws IOException {
        try (FrontendConnection connection = victim().connect();
                EventFd event = EventFd.create()) {
            final Fd[] fds = Collections.nCopies(8, event.fd()).toArray(Fd[]::new);
            final int request = 1 + random.nextInt(VhostUserSpec.LAST_FRONTEND_REQUEST);
            connection.send(request, 0, new byte[random.nextInt(100)], fds);
        }
    }

    private void brokenRing() throws IOException {
        try (BlkDriver driver = victim().start(BlkOptions.defaults().queueSize(16))) {
            driver.queue(0).ring().availableIndex(random.nextInt());
            driver.queue(0).kick();
            driver.protocol().getFeatures();
        }
    }

    private void halfMessage() throws IOException {
        try (FrontendConnection connection = nic().connect()) {
            connection.sendRaw(new byte[] {VhostUserSpec.SET_MEM_TABLE, 0, 0, 0, 1}, List.of());
        }
    }

    private void nicLeft() throws IOException {
        try (NetDriver driver = nic().start(OFFLOADS.queueSize(16))) {
            driver.receiveq(0).ring().availableIndex(random.nextInt());
            driver.receiveq(0).kick();
        }
    }

    private static long heap() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            collect();
            final Runtime runtime = Runtime.getRuntime();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    /** Returns when a collection is over, and what it found has been told. */
    private static void collect() throws InterruptedException {
        final ReferenceQueue<Object> found = new ReferenceQueue<>();
        final WeakReference<Object> nobodys = new WeakReference<>(new Object(), found);
        System.gc();
        assertSame(nobodys, found.remove());
    }

    /** Anonymous memory of this process in RAM: heap, arenas, stacks; no guest's memory. */
    private static long residentAnonymous() throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("RssAnon:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new IOException("no RssAnon in /proc/self/status");
    }
}
