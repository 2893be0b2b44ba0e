package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the guest's kernel sees of a disk: name, sizes, protection, cache. */
final class AttributesIT extends GuestTest {
    @Test
    void shouldShowSerialAndTopologyAndRefuseWritesWhenTheDiskIsReadOnly() throws Exception {
        final Path plain = Images.random(path("plain.img"), 16, seed);
        final Path readOnly = Images.random(path("read-only.img"), 16, seed + 1);
        final String before = Images.digest(readOnly, 0, 16);
        final DiskServer first = serve(described(DiskSpec.of(plain), "ringside-serial-20c", 512));
        final DiskServer second = serve(described(DiskSpec.of(readOnly).asReadOnly(), "ro", 4096));

        final Qemu guest =
                bootWithoutFio(
                        QemuOptions.of(MEMORY_MIB, 1)
                                .disk(first.socket(), "num-queues=1")
                                .disk(second.socket(), "num-queues=1"),
                        """
                        for disk in vda vdb; do
                            check "size of $disk" "$(blockdev --getsize64 /dev/$disk)" 16777216
                            check alignment "$(blockdev --getalignoff /dev/$disk)" 0
                            say sizes "$(blockdev --getss /dev/$disk)" \
                                "$(blockdev --getpbsz /dev/$disk)" \
                                "$(blockdev --getiomin /dev/$disk)"
                        done
                        check protection "$(blockdev --getro /dev/vda)" 0
                        check protection "$(blockdev --getro /dev/vdb)" 1
                        refused dd if=/dev/zero of=/dev/vdb bs=4k count=1 oflag=direct
                        refused blkdiscard -o 0 -l 1M /dev/vdb
                        refused fallocate --punch-hole -o 0 -l 1M /dev/vdb
                        say digest "$(digest /dev/vdb 0 16)"
                        say serial "$(cat /sys/block/vda/serial)"
                        say serial "$(cat /sys/block/vdb/serial)"
                        """);

        final String firstSizes = guest.await("@sizes");
        final String secondSizes = guest.await("@sizes");
        assertEquals(before, guest.await("@digest"));
        final String firstSerial = guest.await("@serial");
        final String secondSerial = guest.await("@serial");
        guest.awaitPass();

        assertEquals(before, Images.digest(readOnly, 0, 16), "the host's file is as it was");
        if (!BackEnd.isPeer()) {
            assertEquals("ringside-serial-20c", firstSerial);
            assertEquals("ro", secondSerial);
            assertEquals("512 4096 4096", firstSizes);
            assertEquals("4096 4096 4096", secondSizes);
        }
    }

    @Test
    void shouldKeepWhatWasWrittenWhenTheWriteCacheIsToggled() throws Exception {
        final Path image = Images.sparse(path("disk.img"), 64);
        final DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest =
                boot(
                        QemuOptions.of(MEMORY_MIB, 1).disk(disk.socket(), "num-queues=1"),
                        """
                        cd /sys/block/vda
                        offset=0
                        for mode in "write through" "write back" "write through" "write back"; do
                            echo "$mode" >cache_type
                            check cache_type "$(cat cache_type)" "$mode"
                            check write_cache "$(cat queue/write_cache)" "$mode"
                            verified --name=cache --filename=/dev/vda --rw=randwrite --bs=4k \
                                --verify=crc32c --fsync=16 --iodepth=8 --offset=${offset}m --size=4m
                            offset=$((offset + 4))
                        done
                        cd /
                        say digest "$(digest /dev/vda 0 16)"
                        """);
        final String seen = guest.await("@digest");
        guest.awaitPass();

        assertEquals(Images.digest(image, 0, 16), seen);
    }

    private static DiskSpec described(
            final DiskSpec spec, final String serial, final int blockSize) {
        return spec.option("--serial=" + serial)
                .option("--block-size=" + blockSize)
                .option("--physical-block-size=4096");
    }
}
