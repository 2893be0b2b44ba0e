package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Memory that comes and goes under a running disk. */
final class HotplugIT extends GuestTest {
    private static final int DISK_MIB = 128;

    @Test
    void shouldGoOnWhenMemoryIsPluggedAndUnpluggedWhileRequestsRun() throws Exception {
        final Path image = Images.random(path("disk.img"), DISK_MIB, seed);
        final DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest =
                boot(
                        QemuOptions.of(MEMORY_MIB, 1).disk(disk.socket(), "num-queues=1"),
                        """
                        memory() { awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo; }
                        # Requests in flight all the time, on the disk's first part.
                        while [ ! -e /tmp/stop ]; do
                            fio --name=background --filename=/dev/vda --rw=randrw --size=8m \
                                --bssplit=4k/50:64k/50 --iodepth=16 --direct=1 --ioengine=libaio \
                                --verify=crc32c --verify_fatal=1 --eta=never \
                                --output=/tmp/fio.background ||
                                { cat /tmp/fio.background; touch /tmp/bad; break; }
                        done &
                        small=$(memory)
                        ask plug-one
                        until [ "$(memory)" -ge $((small + 500)) ]; do usleep 50000; done
                        # The kernel takes buffers from the highest zone first: the new memory.
                        say digest "$(dd if=/dev/vda bs=64M skip=64M count=1 \
                            iflag=direct,skip_bytes,fullblock 2>/dev/null | md5sum | cut -d' ' -f1)"
                        echo online_movable >/sys/devices/system/memory/auto_online_blocks
                        large=$(memory)
                        ask plug-two
                        until [ "$(memory)" -ge $((large + 250)) ]; do usleep 50000; done
                        dd if=/dev/vda of=/dev/null bs=64M count=2 iflag=direct 2>/dev/null
                        ask unplug
                        until [ "$(memory)" -le $((large + 10)) ]; do usleep 50000; done
                        ask unplugged
                        say digest "$(digest /dev/vda 64 64)"
                        touch /tmp/stop
                        wait
                        [ ! -e /tmp/bad ] || fail the requests in the background
                        """);

        guest.await("@plug-one");
        plug(guest, "one", 512);
        guest.type("plugged");
        final String expected = Images.digest(image, 64, 64);
        assertEquals(expected, guest.await("@digest"));

        guest.await("@plug-two");
        plug(guest, "two", 256);
        guest.type("plugged");
        guest.await("@unplug");
        guest.qmp("device_del", "{\"id\":\"dimm-two\"}");
        guest.type("unplugging");
        guest.await("@unplugged");
        awaitGone(guest, "dimm-two");
        guest.type("go on");

        assertEquals(expected, guest.await("@digest"));
        guest.awaitPass();
    }

    private static void plug(final Qemu guest, final String name, final int sizeMib)
            throws IOException {
        guest.qmp(
                "object-add",
                ("{\"qom-type\":\"memory-backend-memfd\",\"id\":\"mem-%s\","
                                + "\"share\":true,\"size\":%d}")
                        .formatted(name, (long) sizeMib * Images.MIB));
        guest.qmp(
                "device_add",
                "{\"driver\":\"pc-dimm\",\"id\":\"dimm-%1$s\",\"memdev\":\"mem-%1$s\"}"
                        .formatted(name));
    }

    /**
     * The guest has let go of the memory; QEMU takes it away when the guest's firmware call says
     * so.
     */
    private static void awaitGone(final Qemu guest, final String id) throws IOException {
        String devices = guest.qmp("query-memory-devices", "{}");
        while (devices.contains(id)) {
            Thread.onSpinWait();
            devices = guest.qmp("query-memory-devices", "{}");
        }
        assertTrue(devices.contains("dimm-one"), devices);
    }
}
