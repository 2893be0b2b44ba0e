package dev.ringside.server.demo;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Serves a disk and a NIC to a real VM and has both sides check them. Runs once, on one thread;
 * Ctrl-C ends the VM and the server and removes what was made.
 */
final class Demo {
    private static final int DISK_MIB = 256;
    private static final int CHECKED_MIB = 48;
    private static final int MIB = 1 << 20;
    private static final int MEMORY_MIB = 512;
    private static final int CPUS = 2;
    private static final Pattern METRICS_URL = Pattern.compile("metrics (http://\\S+)");

    /** The guest's part. "@note" lines are shown, the other "@" lines are for {@link #verify}. */
    private static final String SCRIPT =
            """
            say note "Linux $(uname -r) sees /dev/vda," \\
                "$(($(blockdev --getsize64 /dev/vda) / 1048576)) MiB," \\
                "serial '$(cat /sys/block/vda/serial)'," \\
                "$(cat /sys/block/vda/queue/write_cache) cache"
            mke2fs -q -t ext4 /dev/vda
            mount -t ext4 /dev/vda /mnt
            dd if=/dev/urandom of=/tmp/random bs=1M count=8 2>/dev/null
            for i in 1 2 3 4; do cp /tmp/random /mnt/file$i; done
            sync
            sum=$(md5sum </tmp/random)
            say note "made an ext4 file system and wrote 4 files of 8 MiB"
            umount /mnt
            echo 3 >/proc/sys/vm/drop_caches
            e2fsck -fn /dev/vda >/tmp/check 2>&1 ||
                { cat /tmp/check; fail the file system is damaged; }
            mount -t ext4 /dev/vda /mnt
            for i in 1 2 3 4; do check file$i "$(md5sum </mnt/file$i)" "$sum"; done
            say note "unmounted it, checked it, mounted it again: every file reads back as written"
            job() {
                fio --name=demo --filename=/mnt/fio --direct=1 --ioengine=libaio --eta=never \\
                    --size=32m --output-format=terse --output=/tmp/terse "$@" ||
                    { cat /tmp/terse; fail "fio $*"; }
            }
            job --rw=randwrite --bs=4k --iodepth=32 --verify=crc32c --verify_fatal=1
            rates() {
                awk -F';' -v n="$1" -v k="$2" \\
                    '{ printf "%d per second, %.1f MiB/s", $n, $k / 1024 }' /tmp/terse
            }
            say note "fio: random writes of 4 KiB: $(rates 49 48)," \\
                "32 MiB read back, every checksum right"
            job --rw=randread --bs=4k --iodepth=32
            say note "fio: random reads of 4 KiB: $(rates 8 7)"
            job --rw=read --bs=1m --iodepth=4
            say note "fio: sequential reads of 1 MiB: $(rates 8 7)"
            umount /mnt
            say digest "$(digest /dev/vda 0 48)"
            """
                    + DemoNic.SCRIPT;

    private final @Nullable Path chosenDirectory;
    private final boolean keep;
    private final NetworkChoice choice;
    private final DemoReport report;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable RingsideProcess server;
    private volatile @Nullable DemoNic nic;
    private volatile @Nullable Qemu machine;
    private volatile @Nullable Path scratch;

    /**
     * @param chosenDirectory where the disk's file is put and stays; null: a folder that goes away
     * @param keep whether the disk and the NIC are served until the process is ended
     * @param choice what the NIC is plugged into
     */
    Demo(
            final @Nullable Path chosenDirectory,
            final boolean keep,
            final NetworkChoice choice,
            final DemoReport report) {
        this.chosenDirectory = chosenDirectory;
        this.keep = keep;
        this.choice = choice;
        this.report = report;
    }

    /**
     * Does it all.
     *
     * @throws PrerequisiteException when something is missing on this machine
     * @throws IOException when anything was not as it should be; the message says what
     */
    void run() throws IOException, InterruptedException {
        final Thread hook = Thread.ofPlatform().unstarted(this::end);
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            serveAndVerify();
        } catch (final IOException e) {
            if (ended.get()) {
                // Ctrl-C took the guest away: that is no failure of the guest's.
                throw new InterruptedException();
            }
            throw e;
        } finally {
            end();
            removeHook(hook);
        }
    }

    private void serveAndVerify() throws IOException, InterruptedException {
        report.heading("Ringside serves a disk and a NIC to a virtual machine:");
        final GuestImage guest = GuestImage.prepare();
        final Path work = Files.createTempDirectory("ringside-demo-");
        scratch = work;
        final Path directory = chosenDirectory == null ? work : chosenDirectory;
        Files.createDirectories(directory);
        final Path image = directory.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) DISK_MIB * MIB);
        }
        final Path socket = work.resolve("disk.sock");

        final RingsideProcess ringside = startServer(image, socket);
        report.host("server", ringside.readyLine());
        final DemoNic wire = DemoNic.start(choice, guest, work, report);
        nic = wire;
        verify(guest, work, image, socket, wire, metricsUrl(ringside.readyLine()));

        if (keep) {
            report.ownMachine(
                    image.toString(),
                    socket.toString(),
                    wire.socket().toString(),
                    true,
                    QemuVersion.installed());
            passed();
            ringside.awaitEnd();
            return;
        }
        final int status = ringside.terminate();
        if (status != 0) {
            throw new IOException(
                    "the server ended with status " + status + ":\n" + ringside.messages());
        }
        wire.terminate();
        report.ownMachine(
                chosenDirectory == null ? "disk.img" : image.toString(),
                "/tmp/ringside.sock",
                "/tmp/ringside-nic.sock",
                false,
                QemuVersion.installed());
        passed();
    }

    private void passed() {
        report.heading("");
        report.heading("PASSED: the guest and the host agree on every byte.");
    }

    private RingsideProcess startServer(final Path image, final Path socket)
            throws IOException, InterruptedException {
        final RingsideProcess ringside =
                RingsideProcess.start(
                        List.of(
                                "blk",
                                "--socket-path=" + socket,
                                "--blk-file=" + image,
                                "--serial=ringside-demo",
                                "--metrics-port=0"),
                        line -> {});
        server = ringside;
        return ringside;
    }

    private void verify(
            final GuestImage guest,
            final Path work,
            final Path image,
            final Path socket,
            final DemoNic wire,
            final String metricsUrl)
            throws IOException, InterruptedException {
        final Path initramfs =
                guest.writeInitramfs(
                        work.resolve("initramfs"),
                        SCRIPT,
                        Set.of(GuestImage.Part.FIO, GuestImage.Part.NET));
        report.host(
                "VM",
                QemuOptions.hasKvm()
                        ? "booting in QEMU with KVM"
                        : "booting in QEMU; this CPU shows no VMX or SVM, so every instruction of"
                                + " the guest is emulated, which sets the speed below");
        final Qemu qemu =
                Qemu.start(
                        wire.attach(
                                QemuOptions.of(MEMORY_MIB, CPUS)
                                        .booting(guest.kernel(), initramfs)
                                        .disk(socket, "num-queues=1")),
                        work,
                        report::guestLine);
        machine = qemu;
        compareDisk(image, qemu.await("@digest"));
        showMetrics(metricsUrl);
        wire.verify(qemu);
        qemu.awaitPass();
    }

    private void compareDisk(final Path image, final String seen) throws IOException {
        final String found = digest(image);
        if (!found.equals(seen)) {
            throw new IOException(
                    image
                            + " differs from what the guest read: "
                            + found
                            + " here, "
                            + seen
                            + " there (MD5 of the first "
                            + CHECKED_MIB
                            + " MiB)");
        }
        report.host(
                "host",
                "the first "
                        + CHECKED_MIB
                        + " MiB of the disk's file are what the guest read, MD5 "
                        + found);
    }

    private void showMetrics(final String url) throws IOException {
        final MetricsPage page = MetricsPage.scrape(url);
        final String requests = "ringside_blk_requests_total";
        if (page.sum(requests, "operation=\"read\"") == 0
                || page.sum(requests, "operation=\"write\"") == 0) {
            throw new IOException(url + " counts no reads or no writes");
        }
        report.host("metrics", url + " (while the server runs), for example:");
        report.block(
                Stream.of(
                                requests,
                                "ringside_blk_bytes_total",
                                "ringside_queue_kicks_total",
                                "ringside_queue_calls_total",
                                "ringside_queue_calls_suppressed_total")
                        .flatMap(metric -> page.nonZero(metric).stream())
                        .toList());
    }

    /** Where a server's metrics are, by its ready line. */
    static String metricsUrl(final String readyLine) throws IOException {
        final Matcher matcher = METRICS_URL.matcher(readyLine);
        if (!matcher.find()) {
            throw new IOException("the server did not say where its metrics are: " + readyLine);
        }
        return matcher.group(1);
    }

    private static String digest(final Path image) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
            final MessageDigest digest = MessageDigest.getInstance("MD5");
            final byte[] block = new byte[MIB];
            for (int i = 0; i < CHECKED_MIB; i++) {
                file.readFully(block);
                digest.update(block);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (final NoSuchAlgorithmException e) {
            throw new IOException("this JDK has no MD5: " + e.getMessage(), e);
        }
    }

    /** Ends the VM and the server and removes the scratch folder; the first call does it. */
    private void end() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        final Qemu qemu = machine;
        if (qemu != null) {
            qemu.close();
        }
        final DemoNic wire = nic;
        if (wire != null) {
            wire.close();
        }
        final RingsideProcess ringside = server;
        if (ringside != null) {
            ringside.stop();
        }
        final Path work = scratch;
        if (work != null) {
            remove(work);
        }
    }

    private void remove(final Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (final IOException e) {
            report.host("host", "could not remove " + directory + ": " + e.getMessage());
        }
    }

    private static void removeHook(final Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException e) {
            // The process is ending: the hook runs, and finds that all is done.
            return;
        }
    }
}
