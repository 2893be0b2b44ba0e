package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.ProcessUsage;
import dev.ringside.server.component.TestServer.Disk;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Server mode is everywhere else; here: client mode, inherited sockets, and what is left over. */
class SocketModesIT {
    private static final long PID = ProcessHandle.current().pid();

    private static void drive(final FrontendConnection connection) throws IOException {
        try (BlkDriver driver =
                BlkDriver.start(
                        connection, FrontendMemory.likePc(4 << 20), BlkOptions.defaults())) {
            final LoadResult result =
                    new BlkLoad(driver, LoadOptions.verified(8).requests(500)).run();
            assertTrue(result.clean(), result.summary());
        }
    }

    @Test
    void shouldConnectAndReconnectInClientMode() throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final Path path = server.folder().resolve("frontend");
            server.attach(
                    "memory:size=4M", config -> config, new SocketSource.Connect(path, 20), path);
            for (int i = 0; i < 3; i++) {
                // The listener comes late and goes away in between: the back-end must try again.
                try (UnixSocket listener = UnixSocket.listen(path, 1)) {
                    drive(FrontendConnection.accept(listener, 10_000));
                    drive(FrontendConnection.accept(listener, 10_000));
                }
            }
        }
    }

    @Test
    void shouldServeAnInheritedListeningSocketAgainAndAgain() throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final Path path = server.folder().resolve("inherited");
            final UnixSocket listener = UnixSocket.listen(path, 8);
            final int number = listener.fd().duplicate().release();
            final Disk disk =
                    server.attach(
                            "memory:size=4M",
                            config -> config,
                            new SocketSource.Inherited(number),
                            path);
            drive(disk.connect());
            drive(disk.connect());
            listener.close();
        }
    }

    @Test
    void shouldServeAnInheritedConnectedSocket() throws Exception {
        try (TestServer server = TestServer.start(1)) {
            final UnixSocket[] pair = UnixSocket.pair();
            final int number = pair[1].fd().duplicate().release();
            pair[1].close();
            server.attach(
                    "memory:size=4M",
                    config -> config,
                    new SocketSource.Inherited(number),
                    server.folder());
            drive(FrontendConnection.over(pair[0]));
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenFrontendsComeAndGo() throws Exception {
        try (TestServer server = TestServer.start(2)) {
            final Disk disk = server.disk(server.file(4 << 20), 2);
            drive(disk.connect());
            Await.until("the session is over", () -> !disk.handle().connected());
            // They are closed on a thread that nobody waits for.
            Await.until("its descriptors are closed", () -> server.heldDescriptors(disk) == 0);
            final long fds = ProcessUsage.openDescriptors(PID);
            assertEquals(0, ProcessUsage.mappings(PID, "ringside-frontend"));
            for (int i = 0; i < 10; i++) {
                drive(disk.connect());
            }
            Await.until(
                    "descriptors are back to " + fds,
                    () -> ProcessUsage.openDescriptors(PID) == fds);
            Await.until(
                    "mappings are gone",
                    () -> ProcessUsage.mappings(PID, "ringside-frontend") == 0);
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenTheServerEnds() throws Exception {
        try (TestServer warmUp = TestServer.start(2)) {
            drive(warmUp.disk("memory:size=4M", 1).connect());
        }
        final long fds = ProcessUsage.openDescriptors(PID);
        for (int i = 0; i < 3; i++) {
            try (TestServer server = TestServer.start(2)) {
                drive(server.disk(server.file(4 << 20), 1).connect());
            }
        }
        Await.until(
                "descriptors are back to " + fds, () -> ProcessUsage.openDescriptors(PID) <= fds);
        assertEquals(0, ProcessUsage.mappings(PID, "ringside-frontend"));
    }
}
