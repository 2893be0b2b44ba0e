package dev.ringside.server.component;

import static dev.ringside.server.component.TestServer.MIB;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import dev.ringside.frontend.ProcessUsage;
import dev.ringside.server.component.TestServer.Disk;
import dev.ringside.server.component.TestServer.Nic;
import java.io.IOException;
import java.lang.reflect.Method;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * A disk that is attacked and a healthy one beside it, in one engine for all tests of a class.
 *
 * <p>After each test: the neighbour's verified I/O goes on, the attacked disk serves an honest
 * front-end again, and the process has no more descriptors and mappings than before. At the end
 * every block that the neighbour wrote is looked at.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class Hostile {
    static final long SEED = Long.getLong("ringside.seed", System.nanoTime());
    private static final long PID = ProcessHandle.current().pid();

    private TestServer server;
    private Neighbour neighbour;
    private Disk victim;
    private long openFds;
    private long mappings;

    @BeforeAll
    void startServer() throws Exception {
        server = TestServer.start(2);
        neighbour = Neighbour.start(server);
        victim = server.disk(server.file(8 * MIB), 2);
        assertServes();
    }

    @BeforeEach
    void countDescriptors() throws Exception {
        Await.until("the last session is over", () -> !victim.handle().connected());
        openFds = ProcessUsage.openDescriptors(PID);
        mappings = ProcessUsage.mappings(PID, "ringside-frontend");
        neighbour.pulse().begin();
    }

    @AfterEach
    void assertUnharmed(final TestInfo test) throws Exception {
        neighbour.assertGoesOn();
        report(test, neighbour.pulse());
        assertServes();
        assertTrue(server.healthy(), "seed " + SEED);
        Await.until(
                "descriptors are back to " + openFds + ", seed " + SEED,
                () -> ProcessUsage.openDescriptors(PID) <= openFds);
        Await.until(
                "mappings are back to " + mappings + ", seed " + SEED,
                () -> ProcessUsage.mappings(PID, "ringside-frontend") <= mappings);
    }

    @AfterAll
    void stopServer() throws IOException {
        try {
            neighbour.close();
        } finally {
            server.close();
        }
    }

    /** One line for each attack: what the neighbour got done meanwhile. */
    static void report(final TestInfo test, final Pulse pulse) {
        final String name = test.getTestMethod().map(Method::getName).orElse("?");
        final String form = test.getDisplayName().replace(name, "").replace("()", "");
        System.out.println(
                "attack | %s.%s %s | %s"
                        .formatted(
                                test.getTestClass().map(Class::getSimpleName).orElse("?"),
                                name,
                                form,
                                pulse.report()));
    }

    private void assertServes() throws IOException {
        try (BlkDriver driver = victim.start(BlkOptions.defaults().queues(2))) {
            final LoadResult result =
                    new BlkLoad(driver, LoadOptions.verified(8).requests(200)).run();
            assertTrue(result.clean(), result.summary());
        } catch (IOException e) {
            // Whether the device took requests tells a kick that was lost from storage that stands.
            throw new IOException(e.getMessage() + "; " + server.counters("queue_"), e);
        }
    }

    /** One more NIC, which lives as long as the server. */
    Nic extraNic(final String uri) throws Exception {
        return extraNic(uri, 1);
    }

    /** One more NIC, which lives as long as the server. */
    Nic extraNic(final String uri, final int queuePairs) throws Exception {
        final Nic nic = server.nic(uri, config -> config.withQueuePairs(queuePairs));
        openFds = ProcessUsage.openDescriptors(PID);
        return nic;
    }

    /** One more disk, which lives as long as the server. */
    Disk extraDisk(final String uri, final int queues) throws Exception {
        final Disk disk = server.disk(uri, queues);
        openFds = ProcessUsage.openDescriptors(PID);
        return disk;
    }

    TestServer server() {
        return server;
    }

    Neighbour neighbour() {
        return neighbour;
    }

    Disk victim() {
        return victim;
    }
}
