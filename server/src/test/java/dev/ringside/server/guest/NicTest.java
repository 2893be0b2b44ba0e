package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ringside.server.demo.GuestImage;
import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.io.TempDir;

/**
 * VMs with NICs, their back-ends, and the host's end of the cable in a namespace. They are started
 * once for all tests of a class; each test leaves things as it found them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(NicTest.Report.class)
abstract class NicTest {
    private static final String SEED = "ringside.seed";
    private static final int MEMORY_MIB = 256;
    private static final int DATA_MIB = 8;

    /** Of the data, and of whatever else a test leaves to chance. */
    final long seed = Long.getLong(SEED, System.nanoTime() & Integer.MAX_VALUE);

    private final List<Namespace> namespaces = new ArrayList<>();
    private final List<NicServer> servers = new ArrayList<>();
    private final List<NetGuest> guests = new ArrayList<>();
    private final Set<NetGuest> serving = new HashSet<>();

    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @SuppressWarnings("NullAway.Init")
    private GuestImage image;

    @SuppressWarnings("NullAway.Init")
    private Traffic traffic;

    @BeforeAll
    final void startEverything(@TempDir final Path newDirectory) throws Exception {
        System.out.println(getClass().getSimpleName() + ": -D" + SEED + "=" + seed);
        directory = newDirectory;
        image = GuestImage.prepare();
        traffic = new Traffic(Images.random(path("data"), DATA_MIB, seed));
        setUp();
    }

    /** Starts what the tests of this class use. */
    abstract void setUp() throws Exception;

    @AfterAll
    final void stopEverything() throws Exception {
        try {
            for (final NetGuest guest : serving) {
                if (guest.machine().isAlive()) {
                    guest.assertNoKernelWarning();
                }
            }
            guests.forEach(guest -> guest.machine().close());
            for (final NicServer server : servers) {
                assertEquals(0, server.terminate(), server::messages);
                assertFalse(server.messages().contains("ringside: error"), server::messages);
            }
        } finally {
            guests.forEach(guest -> guest.machine().close());
            servers.forEach(NicServer::close);
            namespaces.forEach(Namespace::close);
        }
    }

    /** A path in this class's own folder. */
    final Path path(final String name) {
        return directory.resolve(name);
    }

    /** The guest's kernel and initramfs. */
    final GuestImage image() {
        return image;
    }

    /** Moves data that is the same in every test of this class. */
    final Traffic traffic() {
        return traffic;
    }

    /** A network of the host's for TAPs to be in. */
    final Namespace namespace() throws IOException {
        // One folder for all: the data is there.
        final Namespace namespace = Namespace.create(directory);
        namespaces.add(namespace);
        return namespace;
    }

    /** Starts a back-end with its TAPs in {@code host}. */
    final NicServer serve(final NetSpec spec, final Namespace host)
            throws IOException, InterruptedException {
        final NicServer server = NicServer.start(spec, host, directory);
        servers.add(server);
        return server;
    }

    /** kill -9: what the back-end holds is lost with it. */
    final void kill(final NicServer server) {
        server.close();
        servers.remove(server);
    }

    /** A small VM that nothing is attached to. */
    static QemuOptions smallMachine(final int cpus) {
        return QemuOptions.of(MEMORY_MIB, cpus);
    }

    /** Boots Linux on a VM; it waits for scripts. */
    final NetGuest boot(final QemuOptions options, final NicServer server)
            throws IOException, InterruptedException {
        final NetGuest guest = startBoot(options, server);
        awaitServing(guest);
        return guest;
    }

    /** Waits until a guest that boots, or was reset, takes scripts. */
    final void awaitServing(final NetGuest guest) throws IOException, InterruptedException {
        serving.remove(guest);
        guest.machine().await("@serving");
        serving.add(guest);
    }

    /** Starts to boot; the caller awaits the guest. */
    final NetGuest startBoot(final QemuOptions options, final NicServer server) throws IOException {
        final Path initramfs = path("initramfs");
        if (!Files.exists(initramfs)) {
            image.writeInitramfs(initramfs, "serve\n", Set.of(GuestImage.Part.NET));
        }
        return start(options.booting(image.kernel(), initramfs), server);
    }

    /** Starts a VM as it is. */
    final NetGuest start(final QemuOptions options, final NicServer server) throws IOException {
        final Path own = Files.createDirectory(path("vm" + guests.size()));
        final NetGuest guest =
                new NetGuest(Qemu.start(server.launcher(), options, own, line -> {}));
        guests.add(guest);
        return guest;
    }

    private void report(final String what) {
        System.err.println(what + " failed, -D" + SEED + "=" + seed);
        guests.forEach(guest -> System.err.println(guest.machine().consoleTail()));
        servers.forEach(server -> System.err.println(server.messages()));
    }

    /** Says what guests and back-ends printed when a test fails. */
    static final class Report
            implements TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
        @Override
        public void handleTestExecutionException(
                final ExtensionContext context, final Throwable failure) throws Throwable {
            report(context);
            throw failure;
        }

        @Override
        public void handleBeforeAllMethodExecutionException(
                final ExtensionContext context, final Throwable failure) throws Throwable {
            report(context);
            throw failure;
        }

        private static void report(final ExtensionContext context) {
            ((NicTest) context.getRequiredTestInstance()).report(context.getDisplayName());
        }
    }
}
