package dev.ringside.server.upgrade;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.control.ControlClient;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SavedConnection;
import dev.ringside.server.engine.SavedEndpoint;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.log.Log;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.UnixSocket;
import dev.ringside.vhostuser.SavedChannel;
import dev.ringside.vhostuser.SavedLogging;
import dev.ringside.vhostuser.SavedRegion;
import dev.ringside.vhostuser.SavedRing;
import dev.ringside.vhostuser.SavedSession;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.NullBackend;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Goes through a hand-over of a disk that nobody uses, within this process: what has to be fast
 * while guests wait has its classes loaded then. In a JVM the first time takes a hundred times as
 * long as the next.
 */
final class Rehearsal {
    private static final int REPEATS = 3;
    private static final long MEMORY_BYTES = 1 << 16;
    private static final long WAIT_NS = 1_000_000_000L;

    private Rehearsal() {}

    /** Rehearses. What goes wrong costs no more than the time that it would have saved. */
    static void run() throws InterruptedException {
        MetricsRegistry metrics = new MetricsRegistry();
        try (BlkDevice disk =
                        BlkDevice.create(
                                BlkConfig.named("rehearsal").withQueues(1),
                                new NullBackend(MEMORY_BYTES, false, false),
                                metrics);
                Engine engine =
                        Engine.startFrozen(EngineConfig.of(1, IdleMode.ADAPTIVE), metrics)) {
            engine.attach(disk, new SocketSource.Inherited(0));
            UnixSocket[] pair = UnixSocket.pair();
            try (UnixSocket _ = pair[1];
                    EventFd call = EventFd.create();
                    EventFd kick = EventFd.create()) {
                SavedEndpoint endpoint = endpoint(disk, pair[0], kick, call);
                Wire.State passed =
                        ControlClient.passed(
                                new Wire.State(0, List.of(endpoint)), Wire.State.class);
                pair[0].close();
                engine.restore(passed.endpoints());
                thaw(engine);
                for (int i = 0; i < REPEATS; i++) {
                    awaitCall(call);
                    List<SavedEndpoint> saved = engine.freeze().get(WAIT_NS, TimeUnit.NANOSECONDS);
                    Wire.State again =
                            ControlClient.passed(new Wire.State(0, saved), Wire.State.class);
                    close(again);
                    thaw(engine);
                }
                boolean unused = engine.shutdown(WAIT_NS / 1_000_000);
            }
        } catch (IOException | ExecutionException | TimeoutException | RuntimeException e) {
            Log.about("rehearsal").warn("the hand-over could not be rehearsed: " + e);
        }
    }

    private static void thaw(Engine engine)
            throws InterruptedException, ExecutionException, TimeoutException {
        boolean unused = engine.thaw().get(WAIT_NS, TimeUnit.NANOSECONDS);
    }

    private static SavedEndpoint endpoint(
            BlkDevice disk, UnixSocket socket, EventFd kick, EventFd call) throws IOException {
        SavedRegion region =
                new SavedRegion(
                        Memfd.create("ringside-rehearsal", MEMORY_BYTES), 0, 0, MEMORY_BYTES, 0, 0);
        SavedRing ring =
                new SavedRing(
                        0,
                        4,
                        0,
                        null,
                        true,
                        true,
                        true,
                        false,
                        null,
                        new SavedRing.Addresses(0, 4096, 8192),
                        null,
                        kick.fd(),
                        call.fd(),
                        null);
        SavedSession session =
                new SavedSession(
                        0,
                        0,
                        true,
                        0,
                        true,
                        List.of(region),
                        List.of(ring),
                        null,
                        SavedLogging.NONE,
                        SavedChannel.NONE,
                        "",
                        List.of());
        return new SavedEndpoint(
                "rehearsal",
                HexFormat.of().formatHex(disk.saveState()),
                null,
                null,
                new SavedConnection(socket.fd(), session, List.of(), null, List.of()));
    }

    private static void close(Wire.State state) {
        for (SavedEndpoint endpoint : state.endpoints()) {
            SavedConnection connection = endpoint.connection();
            if (connection != null) {
                connection.socket().close();
                connection.session().close();
            }
        }
    }

    /** Every start of a queue calls its driver once. */
    private static void awaitCall(EventFd call) throws IOException {
        try (Epoll epoll = Epoll.create()) {
            epoll.add(call.number(), Epoll.IN, 0);
            epoll.await(WAIT_NS);
            call.drain();
        }
    }
}
