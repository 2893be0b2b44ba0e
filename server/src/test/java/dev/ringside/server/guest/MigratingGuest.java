package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.server.demo.GuestImage;
import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import dev.ringside.server.demo.RingsideProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * A VM with a disk and a NIC that moves from one QEMU to another on this machine. Each QEMU has a
 * Ringside process for the disk, both of which serve one file, and a NIC of its own on a bridge of
 * the host's.
 */
final class MigratingGuest implements AutoCloseable {
    static final String HOST = "10.0.0.1";
    static final String GUEST = "10.0.0.2";
    static final String MAC = "52:54:00:12:34:77";

    private static final int MEMORY_MIB = 512;
    private static final long LIMIT_NS = 120_000_000_000L;
    private static final long LOOK_NS = 20_000_000;

    private final Path directory;
    private final Namespace host;
    private final List<RingsideProcess> servers = new ArrayList<>();
    private final List<Qemu> machines = new ArrayList<>();
    private final Path kernel;
    private final Path initramfs;
    private final String nicProperties;
    private NetGuest guest;

    /**
     * Boots the VM on the source.
     *
     * @param image the disk
     * @param nicProperties of virtio-net-pci
     */
    MigratingGuest(final Path directory, final Path image, final String nicProperties)
            throws IOException, InterruptedException {
        this.directory = directory;
        this.nicProperties = nicProperties;
        host = Namespace.create(directory);
        host.run(
                """
                ip link add br0 type bridge
                ip address add 10.0.0.1/24 dev br0
                ip link set br0 up
                """);
        final GuestImage prepared = GuestImage.prepare();
        kernel = prepared.kernel();
        initramfs = directory.resolve("initramfs");
        prepared.writeInitramfs(
                initramfs, "serve\n", Set.of(GuestImage.Part.NET, GuestImage.Part.FIO));
        for (final String side : List.of("source", "target")) {
            Files.createDirectories(directory.resolve(side));
            servers.add(
                    RingsideProcess.start(
                            List.of(
                                    "blk",
                                    "--socket-path=" + socket(side, "disk"),
                                    "--num-queues=2",
                                    "--shards=1",
                                    "--backend=file:" + image + ",lock=off"),
                            line -> {}));
        }
        servers.add(
                RingsideProcess.start(
                        host.launcher(),
                        List.of("net", "--shards=1", nic("source"), nic("target")),
                        line -> {}));
        host.run("for t in source target; do ip link set $t mast br0; ip link set $t up; done");
        guest = new NetGuest(start("source", List.of()));
        guest.machine().await("@serving");
    }

    private Path socket(final String side, final String device) {
        return directory.resolve(side).resolve(device + ".sock");
    }

    private String nic(final String side) {
        return "--nic="
                + socket(side, "nic")
                + ",name="
                + side
                + ",tap="
                + side
                + ",mac="
                + MAC
                + ",capture="
                + capture(side);
    }

    /** What passed at a side's NIC. */
    Path capture(final String side) {
        return directory.resolve(side + ".pcapng");
    }

    private Qemu start(final String side, final List<String> extra) throws IOException {
        final QemuOptions options =
                QemuOptions.of(MEMORY_MIB, 2)
                        .booting(kernel, initramfs)
                        .disk(socket(side, "disk"), "num-queues=2")
                        .nic(new QemuOptions.Nic(socket(side, "nic"), 1, MAC, nicProperties, false))
                        .with(extra.toArray(String[]::new));
        final Qemu machine = Qemu.start(options, directory.resolve(side), line -> {});
        machines.add(machine);
        return machine;
    }

    /** The VM, wherever it is now. */
    NetGuest guest() {
        return guest;
    }

    /** The host's end of the network. */
    Namespace host() {
        return host;
    }

    /** What a capability of QEMU's migration is called, and when it takes effect. */
    enum Kind {
        /** Memory first, then the VM. */
        PRECOPY,
        /** The VM while most of its memory is still at the source. */
        POSTCOPY
    }

    /** Moves the VM to the target, whose QEMU is started for that. */
    void migrate(final Kind kind) throws Exception {
        final Path channel = directory.resolve("migration.sock");
        final Qemu source = guest.machine();
        final Qemu target = start("target", List.of("-incoming", "defer"));
        awaitQmp("target");
        if (kind == Kind.POSTCOPY) {
            for (final Qemu machine : machines) {
                machine.qmp(
                        "migrate-set-capabilities",
                        "{\"capabilities\":[{\"capability\":\"postcopy-ram\",\"state\":true}]}");
            }
        }
        target.qmp("migrate-incoming", "{\"uri\":\"unix:" + channel + "\"}");
        source.qmp("migrate-set-parameters", "{\"max-bandwidth\":1073741824}");
        source.qmp("migrate", "{\"uri\":\"unix:" + channel + "\"}");
        if (kind == Kind.POSTCOPY) {
            awaitStatus(source, "active");
            source.qmp("migrate-start-postcopy", "{}");
        }
        guest = new NetGuest(target);
        awaitStatus(source, "completed");
        awaitRunning(target);
    }

    /** A QEMU that has just been started listens for QMP only when its devices are there. */
    private void awaitQmp(final String side) {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (!Files.exists(directory.resolve(side).resolve("qmp.sock"))) {
            if (System.nanoTime() > deadline) {
                fail("the QEMU of the " + side + " does not listen");
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    private static void awaitStatus(final Qemu machine, final String wanted) throws IOException {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (true) {
            final String status = machine.qmp("query-migrate", "{}");
            if (status.contains("\"status\": \"" + wanted + "\"")
                    || status.contains("\"status\": \"completed\"")) {
                return;
            }
            if (status.contains("\"failed\"") || System.nanoTime() > deadline) {
                fail("migration: " + status);
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    private static void awaitRunning(final Qemu machine) throws IOException {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (!machine.qmp("query-status", "{}").contains("\"running\": true")) {
            if (System.nanoTime() > deadline) {
                fail("the target does not run: " + machine.qmp("query-status", "{}"));
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    /** What everybody said, for a failure's report. */
    String report() {
        final StringBuilder text = new StringBuilder();
        machines.forEach(machine -> text.append(machine.consoleTail()).append("\n--\n"));
        servers.forEach(server -> text.append(server.messages()).append("\n--\n"));
        return text.toString();
    }

    /** Ends all of them in good order. */
    void end() throws IOException, InterruptedException {
        guest.assertNoKernelWarning();
        machines.forEach(Qemu::close);
        for (final RingsideProcess server : servers) {
            assertEquals(0, server.terminate(), server::messages);
            assertFalse(server.messages().contains("ringside: error"), server::messages);
        }
    }

    @Override
    public void close() {
        machines.forEach(Qemu::close);
        servers.forEach(RingsideProcess::close);
        host.close();
    }
}
