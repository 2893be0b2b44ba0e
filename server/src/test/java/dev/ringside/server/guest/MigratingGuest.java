package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.server.demo.GuestImage;
import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import dev.ringside.server.demo.RingsideProcess;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
    private static final long MIB = 1 << 20;
    private static final int SOURCE = 0;

    /** Bytes each second, with which the memory takes a quarter of a minute. */
    private static final long SLOW = 16 * MIB;

    private static final long FAST = 1024 * MIB;

    /** What is left for postcopy when that begins late. */
    private static final int LATE_MIB = 64;

    private static final Pattern ENDED =
            Pattern.compile("\"status\": \"(failed|completed|postcopy-paused)\"");

    private final Path directory;
    private final Namespace host;
    private final List<RingsideProcess> disks = new ArrayList<>();
    private final RingsideProcess nics;
    private final List<Qemu> machines = new ArrayList<>();
    private final Path kernel;
    private final Path initramfs;
    private final String nicProperties;
    private final Path image;
    private NetGuest guest;
    private Qemu arriving;
    private int attempts;
    private String progress = "";

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
        this.image = image;
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
            disks.add(disk(side));
        }
        nics =
                RingsideProcess.start(
                        host.launcher(),
                        List.of("net", "--shards=1", nic("source"), nic("target")),
                        line -> {});
        host.run("for t in source target; do ip link set $t mast br0; ip link set $t up; done");
        arriving = start("source", List.of());
        guest = new NetGuest(arriving);
        guest.machine().await("@serving");
    }

    private RingsideProcess disk(final String side) throws IOException, InterruptedException {
        return RingsideProcess.start(
                List.of(
                        "blk",
                        "--socket-path=" + socket(side, "disk"),
                        "--num-queues=2",
                        "--shards=1",
                        "--backend=file:" + image + ",lock=off"),
                line -> {});
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
                QemuOptions.of(MEMORY_MIB, 1)
                        .booting(kernel, initramfs)
                        .reconnectingDisk(socket(side, "disk"), "num-queues=2")
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

    /** When the VM goes on at the target. */
    enum Kind {
        /** After its memory. */
        PRECOPY,
        /** At once: its memory follows. */
        POSTCOPY,
        /** When most of its memory has come: the rest, and what it changed since, follow. */
        POSTCOPY_LATE
    }

    /** Moves the VM to the target. */
    void migrate(final Kind kind) throws Exception {
        begin(kind);
        finish(kind);
    }

    /** Starts the target's QEMU and a migration so slow that much can happen before its end. */
    void begin(final Kind kind) throws Exception {
        attempts++;
        final Path channel = directory.resolve("migration" + attempts);
        arriving = start("target", List.of("-incoming", "defer"));
        awaitQmp(arriving);
        if (kind != Kind.PRECOPY) {
            for (final Qemu machine : List.of(source(), arriving)) {
                machine.qmp(
                        "migrate-set-capabilities",
                        "{\"capabilities\":[{\"capability\":\"postcopy-ram\",\"state\":true}]}");
            }
        }
        arriving.qmp("migrate-incoming", "{\"uri\":\"unix:" + channel + "\"}");
        limit(SLOW);
        source().qmp("migrate", "{\"uri\":\"unix:" + channel + "\"}");
        awaitMigration(Pattern.compile("\"status\": \"active\""));
    }

    /** Waits until so much of the memory was sent. */
    void awaitSent(final int mib) throws IOException {
        await(() -> number("transferred") >= mib * MIB);
    }

    private void awaitLeft(final int mib) throws IOException {
        await(() -> number("transferred") > 0 && number("remaining") < mib * MIB);
    }

    /** What is asked of QEMU again and again. */
    private interface Condition {
        boolean met() throws IOException;
    }

    private void await(final Condition wanted) throws IOException {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (!wanted.met()) {
            assertTrue(System.nanoTime() < deadline, () -> "migration: " + progress);
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    /** Lets the migration come to its end. */
    void finish(final Kind kind) throws IOException {
        if (kind != Kind.POSTCOPY) {
            limit(FAST);
        }
        if (kind == Kind.POSTCOPY_LATE) {
            awaitLeft(LATE_MIB);
            limit(SLOW);
        }
        if (kind != Kind.PRECOPY) {
            source().qmp("migrate-start-postcopy", "{}");
            awaitRunning(arriving);
        }
        final long running = System.nanoTime();
        awaitMigration(Pattern.compile("\"status\": \"completed\""));
        final long tookMs = (System.nanoTime() - running) / 1_000_000;
        awaitRunning(arriving);
        final long later = kind == Kind.PRECOPY ? 0 : number("postcopy-bytes");
        assertTrue(kind == Kind.PRECOPY || later > 0, () -> "it was no postcopy: " + progress);
        guest = new NetGuest(arriving);
        System.out.printf(
                "%s: %d MiB of memory came after the VM, in %d ms%n", kind, later / MIB, tookMs);
    }

    /** Kills the target in the middle of a migration: the VM stays where it is. */
    void killTarget() throws IOException {
        arriving.close();
        awaitMigration(Pattern.compile("\"status\": \"failed\""));
        awaitRunning(source());
        final Path qmp = directory.resolve("target").resolve("qmp.sock");
        assertTrue(!Files.exists(qmp) || qmp.toFile().delete(), "room for another target");
    }

    /** Kills the source's Ringside and starts it again. */
    void killSourceDisk() throws Exception {
        disks.get(SOURCE).close();
        disks.set(SOURCE, disk("source"));
    }

    private Qemu source() {
        return guest.machine();
    }

    private void limit(final long bytesPerSecond) throws IOException {
        source().qmp("migrate-set-parameters", "{\"max-bandwidth\":" + bytesPerSecond + "}");
    }

    private long number(final String field) throws IOException {
        progress = source().qmp("query-migrate", "{}");
        final Matcher found = Pattern.compile("\"" + field + "\": (\\d+)").matcher(progress);
        return found.find() ? Long.parseLong(found.group(1)) : 0;
    }

    private void awaitMigration(final Pattern wanted) throws IOException {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (true) {
            progress = source().qmp("query-migrate", "{}");
            if (wanted.matcher(progress).find()) {
                return;
            }
            if (ENDED.matcher(progress).find() || System.nanoTime() > deadline) {
                fail("migration: " + progress);
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    /**
     * A QEMU that has just been started listens for QMP only when its devices are there; its
     * socket's file is there a moment before.
     */
    private static void awaitQmp(final Qemu machine) throws IOException {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (true) {
            try {
                machine.qmp("query-version", "{}");
                return;
            } catch (final SocketException e) {
                if (System.nanoTime() > deadline || !machine.isAlive()) {
                    throw e;
                }
                LockSupport.parkNanos(LOOK_NS);
            }
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
        servers().forEach(server -> text.append(server.messages()).append("\n--\n"));
        return text.toString();
    }

    private List<RingsideProcess> servers() {
        final List<RingsideProcess> all = new ArrayList<>(disks);
        all.add(nics);
        return all;
    }

    /** Ends all of them in good order. */
    void end() throws IOException, InterruptedException {
        guest.assertNoKernelWarning();
        machines.forEach(Qemu::close);
        for (final RingsideProcess server : servers()) {
            assertEquals(0, server.terminate(), server::messages);
            assertFalse(server.messages().contains("ringside: error"), server::messages);
        }
    }

    @Override
    public void close() {
        machines.forEach(Qemu::close);
        servers().forEach(RingsideProcess::close);
        host.close();
    }
}
