package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Drivers that come and go, guests that start over, and back-ends that are replaced. */
final class ResetIT extends GuestTest {
    private static final int DISK_MIB = 64;

    @Test
    void shouldServeAgainWhenTheDriverIsUnboundAndTheGuestIsResetUnderLoad() throws Exception {
        final Path image = Images.random(path("disk.img"), DISK_MIB, seed);
        // The guest keeps in the first sector which boot this is.
        Images.writeText(image, "boot-1\n");
        final DiskServer disk = serve(DiskSpec.of(image).queues(2));

        final Qemu guest =
                boot(
                        QemuOptions.of(MEMORY_MIB, 2).disk(disk.socket(), "num-queues=2"),
                        """
                        load() {
                            fio --name=load --filename=/dev/vda --rw=randread --bs=16k \
                                --iodepth=32 --offset=16m --time_based --runtime=600 --direct=1 \
                                --ioengine=libaio --eta=never --output=/dev/null &
                            load=$!
                            until [ "$(awk '{ print $9 }' /sys/block/vda/stat)" -gt 4 ]; do :; done
                        }
                        boot=$(dd if=/dev/vda bs=512 count=1 iflag=direct 2>/dev/null | head -n 1)
                        next() {
                            echo "$1" | dd of=/dev/vda bs=512 conv=sync oflag=direct 2>/dev/null
                        }
                        say this-is $boot
                        case $boot in
                            boot-1)
                                cd /sys/bus/virtio/drivers/virtio_blk
                                for i in 1 2 3; do
                                    load
                                    echo virtio0 >unbind
                                    # fio reads nothing from a disk of no size, for ever.
                                    kill $load && wait $load || true
                                    [ ! -e /sys/block/vda ] || fail the disk is still there
                                    echo virtio0 >bind
                                    say digest "$(digest /dev/vda 16 16)"
                                done
                                cd /
                                next boot-2
                                load
                                reboot -f
                                ;;
                            boot-2)
                                say digest "$(digest /dev/vda 16 16)"
                                next boot-3
                                load
                                ask reset
                                ;;
                            boot-3)
                                say digest "$(digest /dev/vda 16 16)"
                                ;;
                            *) fail "the first sector says '$boot'" ;;
                        esac
                        """);
        final String expected = Images.digest(image, 16, 16);

        assertEquals("boot-1", guest.await("@this-is"));
        for (int i = 0; i < 3; i++) {
            assertEquals(expected, guest.await("@digest"));
        }
        assertEquals("boot-2", guest.await("@this-is"));
        assertEquals(expected, guest.await("@digest"));
        guest.await("@reset");
        guest.qmp("system_reset", "{}");
        assertEquals("boot-3", guest.await("@this-is"));
        assertEquals(expected, guest.await("@digest"));
        guest.awaitPass();
    }

    @Test
    void shouldLoseNothingWhenTheBackEndIsStoppedAndStartedAgainUnderLoad() throws Exception {
        final Path image = Images.sparse(path("disk.img"), DISK_MIB);
        DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest =
                boot(
                        QemuOptions.of(MEMORY_MIB, 2)
                                .reconnectingDisk(disk.socket(), "num-queues=1"),
                        """
                        requests() { awk '{ print $1 + $5 }' /sys/block/vda/stat; }
                        # Not randrw: what its second loop reads it takes for its own.
                        fio --name=load --filename=/dev/vda --rw=randwrite --bs=4k --iodepth=16 \
                            --size=32m --direct=1 --ioengine=libaio --verify=crc32c \
                            --verify_fatal=1 --loops=1000 --eta=never --output=/tmp/fio.out &
                        load=$!
                        for i in 1 2 3; do
                            # Enough requests since the last time to be in full flight.
                            goal=$(($(requests) + 500))
                            until [ "$(requests)" -ge $goal ]; do :; done
                            ask restart
                        done
                        goal=$(($(requests) + 500))
                        until [ "$(requests)" -ge $goal ]; do :; done
                        kill -0 $load || { cat /tmp/fio.out; fail the load ended; }
                        kill $load
                        wait $load || true
                        verified --name=after --filename=/dev/vda --rw=randwrite --bs=4k \
                            --iodepth=16 --size=8m --verify=crc32c
                        say digest "$(digest /dev/vda 0 64)"
                        """);
        for (int i = 0; i < 3; i++) {
            guest.await("@restart");
            assertEquals(0, disk.terminate(), disk::messages);
            disk = serve(DiskSpec.of(image), disk.socket());
            guest.type("restarted");
        }
        final String seen = guest.await("@digest");
        guest.awaitPass();

        assertEquals(Images.digest(image, 0, DISK_MIB), seen);
    }
}
