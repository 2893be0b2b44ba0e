package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Linux under load that moves from one QEMU to another, with its disk and its NIC. */
final class MigrationIT {
    private static final int DISK_MIB = 128;
    private static final int CACHED_MIB = 48;
    private static final int DATA_MIB = 4;
    private static final int MOST_SENT_MIB = 48;
    private static final String NIC = "guest_announce=off";

    /** How often: {@code -Dringside.migrations=100} for a long run. */
    private static final int MIGRATIONS = Integer.getInteger("ringside.migrations", 1);

    private static final String SEED = "ringside.seed";

    private final long seed = Long.getLong(SEED, System.nanoTime() & Integer.MAX_VALUE);

    @SuppressWarnings("NullAway.Init")
    @TempDir
    private Path directory;

    /**
     * fio verifies what it writes in the disk's first part. Files' pages fill with its second part,
     * which is read by the page cache while the memory is copied: each page is the device's write.
     * A stream is open across the move, and datagrams go on all the time.
     */
    private static final String LOAD =
            """
            mount -t devtmpfs dev /dev 2>/dev/null || true
            ip address add 10.0.0.2/24 dev eth0
            ip link set eth0 up
            rm -f /tmp/stop /tmp/bad
            { while [ ! -e /tmp/stop ]; do
                fio --name=background --filename=/dev/vda --rw=randrw --size=16m \
                    --bssplit=4k/50:64k/50 --iodepth=16 --direct=1 --ioengine=libaio \
                    --verify=crc32c --verify_fatal=1 --eta=never --randseed=%d \
                    --output=/tmp/fio.background || { touch /tmp/bad; break; }
            done; touch /tmp/fio.done; } &
            { i=0
            while [ $i -lt %d ]; do
                dd if=/dev/vda of=/dev/null bs=1M skip=$((64 + i)) count=1 2>/dev/null
                i=$((i + 1))
                usleep 50000
            done
            touch /tmp/read; } &
            { while [ ! -e /tmp/stop ]; do
                dd if=/dev/vda of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
                cut -d' ' -f1 /proc/uptime
            done >/tmp/answered; } &
            ping -q -i 0.02 10.0.0.1 >/tmp/ping &
            """;

    private static final String STREAM =
            """
            { head -c 1000000 $d/data
            until [ -e /tmp/arrived ]; do usleep 50000; done
            cat $d/data; } | socat -u - TCP:10.0.0.1:%d,retry=200,interval=0.05 &
            """;

    /** What is acknowledged as durable, between fio's part of the disk and the files' one. */
    private static final String WRITE =
            """
            dd if=/dev/urandom of=/tmp/written bs=64k count=1 2>/dev/null
            dd if=/tmp/written of=/dev/vda bs=64k seek=512 conv=fsync,notrunc 2>/dev/null
            """;

    private static final String READ =
            """
            dd if=/dev/vda bs=64k skip=512 count=1 iflag=direct 2>/dev/null | cmp - /tmp/written
            """;

    /** The guest's own seconds from one small read's answer to the next one's, at most. */
    private static final String LONGEST_READ =
            "awk 'NR > 1 && $1 - at > most { most = $1 - at } { at = $1 } END { print most }'"
                    + " /tmp/answered";

    /** The ways that a VM takes. */
    private interface Journey {
        void go(MigratingGuest vm) throws Exception;
    }

    private void move(final Path folder, final Journey journey) throws Exception {
        System.out.println("MigrationIT: -D" + SEED + "=" + seed);
        final Path image = Images.random(folder.resolve("disk.img"), DISK_MIB, seed);
        final Path data = Images.random(folder.resolve("data"), DATA_MIB, seed + 1);
        final Traffic traffic = new Traffic(data);
        try (MigratingGuest vm = new MigratingGuest(folder, image, NIC)) {
            try {
                vm.guest().run(LOAD.formatted(seed, CACHED_MIB));
                traffic.give(vm.host(), vm.guest(), MigratingGuest.GUEST);
                final int port = 7000;
                vm.host()
                        .run(
                                "socat -u TCP-LISTEN:"
                                        + port
                                        + ",reuseaddr - 2>$d/err | md5sum >$d/streamed &");
                vm.guest().run(STREAM.formatted(port));

                journey.go(vm);

                final NetGuest moved = vm.guest();
                moved.run("touch /tmp/arrived; until [ -e /tmp/read ]; do usleep 50000; done");
                // Out of the page cache: nothing is read from the disk for it.
                final String cached =
                        moved.run(
                                "dd if=/dev/vda bs=1M skip=64 count="
                                        + CACHED_MIB
                                        + " 2>/dev/null | md5sum | cut -c1-32");
                assertEquals(Images.digest(image, 64, CACHED_MIB), cached, "pages of the cache");
                assertEquals(
                        Images.digest(image, 64, CACHED_MIB),
                        moved.run("digest /dev/vda 64 " + CACHED_MIB),
                        "the disk by the target");
                moved.run(
                        "touch /tmp/stop; until [ -e /tmp/fio.done ]; do usleep 50000; done;"
                                + " [ ! -e /tmp/bad ] || { cat /tmp/fio.background; exit 1; }");
                assertEquals(
                        moved.run("{ head -c 1000000 /tmp/data; cat /tmp/data; } | md5sum"),
                        vm.host()
                                .run(
                                        "until [ -s $d/streamed ]; do sleep 0.05; done;"
                                                + " cat $d/streamed"),
                        "the TCP connection that was open");
                System.out.println(
                        "the guest waited for a read for at most "
                                + moved.run(LONGEST_READ)
                                + " s");
                traffic.tcpBothWays(vm.guest(), vm.host(), MigratingGuest.HOST, 1 << 20);
                assertTrue(
                        vm.host()
                                .run("bridge fdb show br br0")
                                .contains(MigratingGuest.MAC + " dev target"),
                        "the bridge knows where the VM is");
                vm.end();
                // Who cannot announce itself is announced by the back-end.
                assertTrue(tshark(vm.capture("target"), "eth.type == 0x8035"), "RARP");
            } catch (final Throwable failure) {
                System.err.println("failed, -D" + SEED + "=" + seed + "\n" + vm.report());
                throw failure;
            }
        }
    }

    private boolean tshark(final Path capture, final String filter) throws Exception {
        final Path output = directory.resolve("tshark.out");
        final Process process =
                new ProcessBuilder(List.of("tshark", "-n", "-r", capture.toString(), "-Y", filter))
                        .redirectOutput(output.toFile())
                        .redirectError(directory.resolve("tshark.err").toFile())
                        .start();
        assertEquals(0, process.waitFor());
        return !Files.readString(output).isBlank();
    }

    @Test
    void shouldLoseNothingWhenMigrationsFailBefore() throws Exception {
        assertFalse(BackEnd.isPeer());
        final RandomGenerator random = new SplittableRandom(seed);
        move(
                directory,
                vm -> {
                    for (int i = 0; i < MIGRATIONS; i++) {
                        vm.begin(MigratingGuest.Kind.PRECOPY);
                        vm.awaitSent(random.nextInt(MOST_SENT_MIB));
                        vm.killTarget();
                        vm.guest().run(WRITE);
                    }
                    vm.begin(MigratingGuest.Kind.PRECOPY);
                    vm.awaitSent(random.nextInt(MOST_SENT_MIB));
                    vm.killSourceDisk();
                    vm.guest().run(WRITE);
                    vm.finish(MigratingGuest.Kind.PRECOPY);
                    vm.guest().run(READ);
                });
    }

    @Test
    void shouldLoseNothingWhenMovedBeforeItsMemory() throws Exception {
        assertFalse(BackEnd.isPeer());
        for (int i = 0; i < MIGRATIONS; i++) {
            final MigratingGuest.Kind kind =
                    i % 2 == 0 ? MigratingGuest.Kind.POSTCOPY : MigratingGuest.Kind.POSTCOPY_LATE;
            move(
                    Files.createDirectory(directory.resolve("move" + i)),
                    vm -> {
                        vm.guest().run(WRITE);
                        vm.migrate(kind);
                        vm.guest().run(READ);
                    });
        }
    }
}
