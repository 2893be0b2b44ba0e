package dev.ringside.server.guest;

import dev.ringside.server.demo.GuestImage;
import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.io.TempDir;

/** One VM and the back-ends of its disks; all of them end with the test. */
@ExtendWith(GuestTest.Report.class)
abstract class GuestTest {
    /** For one small VM; fio's archive alone takes 170 MiB while it is unpacked. */
    static final int MEMORY_MIB = 512;

    private static final String SEED = "ringside.seed";

    /** Seeds the host's data and the guest's fio. */
    final long seed = Long.getLong(SEED, System.nanoTime() & Integer.MAX_VALUE);

    @SuppressWarnings("NullAway.Init")
    @TempDir
    private Path directory;

    @SuppressWarnings("NullAway.Init")
    private GuestImage guest;

    private final List<DiskServer> servers = new ArrayList<>();
    private Consumer<String> listener = line -> {};
    private final List<Qemu> machines = new ArrayList<>();

    @BeforeEach
    void prepareGuest() throws IOException, InterruptedException {
        System.out.println(getClass().getSimpleName() + ": -D" + SEED + "=" + seed);
        guest = GuestImage.prepare();
    }

    @AfterEach
    void stopEverything() {
        machines.forEach(Qemu::close);
        servers.forEach(DiskServer::close);
    }

    /** A path in this test's own folder. */
    final Path path(final String name) {
        return directory.resolve(name);
    }

    /** The guest's kernel and initramfs. */
    final GuestImage guest() {
        return guest;
    }

    /** Starts a back-end; its socket is a new one. */
    final DiskServer serve(final DiskSpec spec) throws IOException, InterruptedException {
        return serve(spec, path("disk" + servers.size() + ".sock"));
    }

    /** Starts a back-end on a given socket. */
    final DiskServer serve(final DiskSpec spec, final Path socket)
            throws IOException, InterruptedException {
        final DiskServer server = DiskServer.start(spec, socket);
        servers.add(server);
        return server;
    }

    /** Boots a kernel directly, which runs {@code script}; fio is there. */
    final Qemu boot(final QemuOptions options, final String script) throws IOException {
        final Path initramfs = writeInitramfs(script, true);
        return start(options.booting(guest.kernel(), initramfs));
    }

    /** Boots a kernel directly, which runs {@code script}; fio is not there. */
    final Qemu bootWithoutFio(final QemuOptions options, final String script) throws IOException {
        return start(options.booting(guest.kernel(), writeInitramfs(script, false)));
    }

    /** An initramfs that runs {@code script}. */
    final Path writeInitramfs(final String script, final boolean withFio) throws IOException {
        final Set<GuestImage.Part> parts = withFio ? Set.of(GuestImage.Part.FIO) : Set.of();
        return guest.writeInitramfs(path("initramfs"), "seed=" + seed + "\n" + script, parts);
    }

    /** Has every line of later guests' consoles handed over, on another thread. */
    final void onLine(final Consumer<String> newListener) {
        listener = newListener;
    }

    /** Starts a VM as it is. */
    final Qemu start(final QemuOptions options) throws IOException {
        final Qemu machine = Qemu.start(options, directory, listener);
        machines.add(machine);
        return machine;
    }

    /** Says what guest and back-ends printed when a test fails. */
    static final class Report implements TestExecutionExceptionHandler {
        @Override
        public void handleTestExecutionException(
                final ExtensionContext context, final Throwable failure) throws Throwable {
            final GuestTest test = (GuestTest) context.getRequiredTestInstance();
            System.err.println(context.getDisplayName() + " failed, -D" + SEED + "=" + test.seed);
            test.machines.forEach(machine -> System.err.println(machine.consoleTail()));
            test.servers.forEach(server -> System.err.println(server.messages()));
            throw failure;
        }
    }
}
