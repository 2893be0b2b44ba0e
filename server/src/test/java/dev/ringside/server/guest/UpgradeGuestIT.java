package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import dev.ringside.server.demo.RingsideProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/**
 * Process after process takes over a disk while its guest writes and verifies: the guest sees no
 * error. The long run: {@code -Dringside.upgrades=100}.
 */
final class UpgradeGuestIT extends GuestTest {
    private static final int UPGRADES = Integer.getInteger("ringside.upgrades", 3);
    private static final String PAUSED = "which paused for ";

    @Test
    void shouldGoOnWithoutAnErrorWhenProcessAfterProcessTakesOver() throws Exception {
        upgrade((machine, disk) -> machine.disk(disk, "num-queues=2"));
    }

    /** The guest takes mappings back, and asks for others, before, between and after. */
    @Test
    void shouldGoOnWhenTheGuestHasAnIommu() throws Exception {
        upgrade(
                (machine, disk) ->
                        VIommuIT.behindIommu(machine, "intel_iommu=on iommu.strict=0")
                                .with(
                                        "-chardev",
                                        "socket,id=behind,path=" + disk,
                                        "-device",
                                        "vhost-user-blk-pci,bus=port1,chardev=behind,num-queues=2,"
                                                + VIommuIT.PLATFORM));
    }

    private void upgrade(final BiFunction<QemuOptions, Path, QemuOptions> attaching)
            throws Exception {
        final Path image = Images.sparse(path("disk.img"), 64);
        final Path control = path("control");
        final String option = "--control-socket=" + control;
        final DiskServer first =
                serve(DiskSpec.of(image).queues(2).option("--shards=2").option(option));
        final Qemu guest =
                boot(
                        attaching.apply(QemuOptions.of(MEMORY_MIB, 2), first.socket()),
                        """
                        (
                            while [ ! -e /tmp/stop ]; do
                                verified --name=load --filename=/dev/vda --rw=randrw --bs=4k \
                                    --iodepth=16 --numjobs=2 --size=8m --offset_increment=8m \
                                    --verify=crc32c
                            done
                            echo ended >/tmp/ended
                        ) &
                        load=$!
                        ask running
                        : >/tmp/stop
                        wait $load || fail the load failed
                        check load "$(cat /tmp/ended)" ended
                        ! dmesg | grep -i "I/O error" || fail the guest saw an error
                        say digest "$(digest /dev/vda 0 16)"
                        """);
        guest.await("@running");
        final List<Double> pauses = new ArrayList<>();
        RingsideProcess serving = null;
        try {
            for (int i = 0; i < UPGRADES; i++) {
                final RingsideProcess next =
                        RingsideProcess.start(List.of("upgrade", option), line -> {});
                if (serving != null) {
                    serving.close();
                }
                serving = next;
                pauses.add(pauseMs(next.readyLine()));
            }
            guest.type("go on");
            final String seen = guest.await("@digest");
            guest.awaitPass();
            assertTrue(Images.digest(image, 0, 16).equals(seen), "the image holds what it wrote");
        } finally {
            if (serving != null) {
                serving.close();
            }
        }
        Collections.sort(pauses);
        System.out.printf(
                "upgrades under fio: %d, pause in ms: p50 %.1f, max %.1f%n",
                UPGRADES, pauses.get(pauses.size() / 2), pauses.getLast());
    }

    private static double pauseMs(final String ready) {
        final int at = ready.indexOf(PAUSED) + PAUSED.length();
        return Double.parseDouble(ready.substring(at, ready.indexOf(" ms", at)));
    }
}
