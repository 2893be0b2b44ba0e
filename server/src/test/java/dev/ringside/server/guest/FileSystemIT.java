package dev.ringside.server.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A file system on the disk, and the space that it gives back to the host. */
final class FileSystemIT extends GuestTest {
    @Test
    void shouldHoldAnExt4WhenItIsMadeFilledUnmountedAndChecked() throws Exception {
        final Path image = Images.sparse(path("disk.img"), 128);
        final DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest =
                bootWithoutFio(
                        QemuOptions.of(MEMORY_MIB, 1).disk(disk.socket(), "num-queues=1"),
                        """
                        mke2fs -q -t ext4 /dev/vda
                        mount -t ext4 /dev/vda /mnt
                        # Fills it up to the last block with files of many sizes and contents.
                        dd if=/dev/urandom of=/tmp/random bs=1M count=8 2>/dev/null
                        i=0
                        while dd if=/tmp/random of=/mnt/file$i bs=4567 skip=$((i % 900)) \
                            count=$((i * 97 % 800 + 1)) 2>/dev/null; do i=$((i + 1)); done
                        [ $i -gt 40 ] || fail "only $i files fitted"
                        sync
                        cd /mnt && md5sum file* >/tmp/sums && cd /
                        umount /mnt
                        echo 3 >/proc/sys/vm/drop_caches
                        e2fsck -fn /dev/vda
                        mount -t ext4 -o ro /dev/vda /mnt
                        cd /mnt && md5sum -c -s /tmp/sums && cd /
                        umount /mnt
                        say files $i
                        """);
        guest.await("@files");
        guest.awaitPass();

        assertTrue(Images.allocatedMib(image) > 90, "the host's file has the guest's data");
        assertClean(image);
    }

    @Test
    void shouldGiveSpaceBackToTheHostWhenTheGuestDiscardsOrWritesZeroes() throws Exception {
        final Path image = Images.random(path("disk.img"), 64, seed);
        final DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest =
                bootWithoutFio(
                        QemuOptions.of(MEMORY_MIB, 1).disk(disk.socket(), "num-queues=1"),
                        """
                        [ "$(cat /sys/block/vda/queue/discard_max_bytes)" -gt 0 ] || fail no discard
                        [ "$(cat /sys/block/vda/queue/write_zeroes_max_bytes)" -gt 0 ] ||
                            fail no write zeroes
                        blkdiscard -o 8M -l 8M /dev/vda
                        ask discarded
                        # The unmap flag is set for punch-hole, and is not for zeroout.
                        fallocate --punch-hole -o 24M -l 8M /dev/vda
                        ask punched
                        blkdiscard -z -o 40M -l 8M /dev/vda
                        say zeroed "$(digest /dev/vda 0 64)"
                        """);

        guest.await("@discarded");
        assertTrue(Images.isZero(image, 8, 8), "discarded blocks are zero");
        assertEquals(56, Images.allocatedMib(image), "discarded blocks are a hole");
        guest.type("go on");

        guest.await("@punched");
        assertTrue(Images.isZero(image, 24, 8), "blocks zeroed with unmap are zero");
        assertEquals(48, Images.allocatedMib(image), "blocks zeroed with unmap are a hole");
        guest.type("go on");

        final String seen = guest.await("@zeroed");
        assertTrue(Images.isZero(image, 40, 8), "zeroed blocks are zero");
        assertEquals(48, Images.allocatedMib(image), "blocks zeroed without unmap stay allocated");
        assertEquals(Images.digest(image, 0, 64), seen);
        guest.awaitPass();

        final Path untouched = Images.random(path("again.img"), 64, seed);
        for (final int offsetMib : new int[] {0, 16, 32, 48}) {
            assertEquals(
                    Images.digest(untouched, offsetMib, 8),
                    Images.digest(image, offsetMib, 8),
                    "what was not discarded stays, from " + offsetMib + " MiB");
        }
    }

    @Test
    void shouldGiveSpaceBackToTheHostWhenAnExt4IsTrimmed() throws Exception {
        final Path image = Images.sparse(path("disk.img"), 128);
        final DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest =
                bootWithoutFio(
                        QemuOptions.of(MEMORY_MIB, 1).disk(disk.socket(), "num-queues=1"),
                        """
                        mke2fs -q -t ext4 /dev/vda
                        mount -t ext4 /dev/vda /mnt
                        dd if=/dev/urandom of=/mnt/keep bs=1M count=8 2>/dev/null
                        for i in 1 2 3 4 5 6 7 8; do cat /mnt/keep; done >/mnt/drop
                        sync
                        ask full
                        sum=$(md5sum </mnt/keep)
                        rm /mnt/drop
                        sync
                        fstrim /mnt
                        umount /mnt
                        echo 3 >/proc/sys/vm/drop_caches
                        e2fsck -fn /dev/vda
                        mount -t ext4 -o ro /dev/vda /mnt
                        check content "$(md5sum </mnt/keep)" "$sum"
                        umount /mnt
                        """);
        guest.await("@full");
        final int fullMib = Images.allocatedMib(image);
        guest.type("go on");
        guest.awaitPass();

        final int trimmedMib = Images.allocatedMib(image);
        assertTrue(
                trimmedMib <= fullMib - 60,
                "trimming left " + trimmedMib + " MiB of " + fullMib + " MiB on the host");
        assertClean(image);
    }

    /** Checks the file system with the host's own tool. */
    private static void assertClean(final Path image) throws Exception {
        final Process check =
                new ProcessBuilder("e2fsck", "-fn", image.toString())
                        .redirectErrorStream(true)
                        .start();
        final String output = new String(check.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, check.waitFor(), output);
    }
}
