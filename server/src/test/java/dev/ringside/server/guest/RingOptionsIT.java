package dev.ringside.server.guest;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every shape of ring and of guest memory that QEMU can make. */
final class RingOptionsIT extends GuestTest {
    private static final List<String> DEVICES =
            List.of(
                    "event_idx=off,indirect_desc=off",
                    "event_idx=off",
                    "indirect_desc=off",
                    "queue-size=8",
                    "queue-size=1024",
                    "config-wce=off",
                    "disable-legacy=on",
                    "packed=on",
                    "packed=on,event_idx=off,indirect_desc=off",
                    "packed=on,queue-size=8");

    @Test
    void shouldReadBackWhatWasWrittenWhateverTheRingOptions() throws Exception {
        QemuOptions options = QemuOptions.of(1024, 1);
        for (int i = 0; i < DEVICES.size(); i++) {
            final DiskServer disk = serve(DiskSpec.of(Images.sparse(path("disk" + i), 32)));
            options = options.disk(disk.socket(), "num-queues=1," + DEVICES.get(i));
        }

        final long packed = DEVICES.stream().filter(o -> o.contains("packed=on")).count();
        final Qemu guest = boot(options, countPackedRings(packed) + verifyAllDisks(DEVICES.size()));

        guest.awaitPass();
    }

    /** Bit 34 of what the driver negotiated: RING_PACKED. */
    private static String countPackedRings(final long expected) {
        return """
        check packed "$(cut -c35 /sys/bus/virtio/devices/*/features | grep -c 1)" %d
        """
                .formatted(expected);
    }

    @Test
    void shouldReadBackWhatWasWrittenWhenMemoryReachesBeyond4GiB() throws Exception {
        final DiskServer disk = serve(DiskSpec.of(Images.sparse(path("disk"), 32)));

        final Qemu guest =
                boot(
                        QemuOptions.of(5 * 1024, 1).disk(disk.socket(), "num-queues=1"),
                        "check high-memory \"$(grep -c 'zone *Normal' /proc/zoneinfo)\" 1\n"
                                + verifyAllDisks(1));

        guest.awaitPass();
    }

    @Test
    void shouldReadBackWhatWasWrittenWhenMemoryIsHugePages() throws Exception {
        final DiskServer disk = serve(DiskSpec.of(Images.sparse(path("disk"), 32)));

        try (HugePages pages = HugePages.reserve(MEMORY_MIB)) {
            final Qemu guest =
                    boot(
                            QemuOptions.of(MEMORY_MIB, 1)
                                    .memoryFrom(pages.memoryBackend())
                                    .disk(disk.socket(), "num-queues=1"),
                            verifyAllDisks(1));

            guest.awaitPass();
            guest.close();
        }
    }

    /** All disks at once, each with requests of one and of many segments. */
    private static String verifyAllDisks(final int count) {
        return """
        check disks "$(ls -d /sys/block/vd* | wc -l)" %d
        {
            echo [global]
            echo direct=1
            echo ioengine=libaio
            echo iodepth=16
            echo rw=randrw
            echo bssplit=512/20:4k/40:64k/30:256k/10
            echo size=8m
            echo verify=crc32c
            echo verify_fatal=1
            echo randseed=$seed
            for disk in /dev/vd*; do
                echo "[$(basename $disk)]"
                echo filename=$disk
            done
        } >/tmp/jobs
        verified /tmp/jobs
        for disk in /dev/vd*; do
            n=$(cat /sys/block/$(basename $disk)/stat | awk '{ print ($1 > 0 && $5 > 0) }')
            check "reads and writes on $disk" "$n" 1
        done
        """
                .formatted(count);
    }
}
