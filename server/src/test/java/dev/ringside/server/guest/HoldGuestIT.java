package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.component.FillingStorage;
import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A host whose file system fills up, under a guest that reads back what it wrote. */
@Timeout(600)
final class HoldGuestIT extends GuestTest {
    private static final int DISK_MIB = 48;

    @Test
    void shouldNoticeNothingWhenSpaceRunsOutAndRingsideDiesMeanwhile() throws Exception {
        final Path socket = path("disk.sock");
        try (FillingStorage storage =
                new FillingStorage(
                        FillingStorage.Kind.EXT4, path("host"), (long) DISK_MIB * Images.MIB)) {
            final DiskSpec spec = DiskSpec.of(storage.disk()).queues(2).option("--on-error=hold");
            RingsideDisk disk = RingsideDisk.start(spec, socket);
            try (Qemu guest =
                    boot(
                            QemuOptions.of(MEMORY_MIB, 1).reconnectingDisk(socket, "num-queues=2"),
                            """
                            verified --name=held --filename=/dev/vda --rw=randrw \
                                --bssplit=4k/60:64k/30:256k/10 --verify=crc32c --iodepth=16 \
                                --size=%dm
                            """
                                    .formatted(DISK_MIB))) {
                awaitMessage(disk, "requests wait for the storage since ");
                disk.close();
                disk = RingsideDisk.start(spec, socket);
                awaitMessage(disk, "requests wait for the storage since ");

                storage.free();

                awaitMessage(disk, "the storage works again");
                guest.awaitPass();
            } finally {
                assertEquals(0, disk.terminate(), disk.messages());
            }
            assertTrue(Images.allocatedMib(storage.disk()) > 0, "nothing was written");
        }
    }

    private static void awaitMessage(final RingsideDisk disk, final String text) {
        while (!disk.messages().contains(text)) {
            LockSupport.parkNanos(5_000_000);
        }
    }
}
