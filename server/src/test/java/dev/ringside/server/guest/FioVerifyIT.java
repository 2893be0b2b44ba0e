package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a guest writes it reads back: fio with a checksum in every block, mixed sizes. */
final class FioVerifyIT extends GuestTest {
    private static final String SIZES =
            "--bssplit=512/10:1k/5:4k/40:12k/10:64k/20:256k/10:1m/5 --verify=crc32c";

    @Test
    void shouldReadBackWhatWasWrittenWhenOneQueueIsUsed() throws Exception {
        final Path image = Images.sparse(path("disk.img"), 256);
        final DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest =
                boot(
                        QemuOptions.of(MEMORY_MIB, 1).disk(disk.socket(), "num-queues=1"),
                        """
                        check queues "$(ls /sys/block/vda/mq | wc -l)" 1
                        check size "$(cat /sys/block/vda/size)" 524288
                        verified --name=random --filename=/dev/vda --rw=randwrite %1$s \
                            --iodepth=16 --size=64m
                        verified --name=sequence --filename=/dev/vda --rw=write %1$s \
                            --iodepth=4 --offset=64m --size=64m
                        verified --name=mix --filename=/dev/vda --rw=randrw %1$s --iodepth=32 \
                            --offset=128m --size=64m
                        say digest "$(digest /dev/vda 0 64)"
                        """
                                .formatted(SIZES));
        final String seen = guest.await("@digest");
        guest.awaitPass();

        assertEquals(Images.digest(image, 0, 64), seen);
    }

    @Test
    void shouldReadBackWhatWasWrittenWhenFourQueuesAreUsedInTheSandbox() throws Exception {
        final Path image = Images.sparse(path("disk.img"), 256);
        final DiskServer disk =
                serve(DiskSpec.of(image).queues(4).option("--shards=2").option("--sandbox"));

        final Qemu guest =
                boot(
                        QemuOptions.of(MEMORY_MIB, 4).disk(disk.socket(), "num-queues=4"),
                        """
                        check queues "$(ls /sys/block/vda/mq | wc -l)" 4
                        verified --name=all --filename=/dev/vda --rw=randrw %1$s --iodepth=16 \
                            --numjobs=4 --size=32m --offset_increment=32m \
                            --cpus_allowed=0-3 --cpus_allowed_policy=split
                        """
                                .formatted(SIZES));

        guest.awaitPass();
    }
}
