package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tree like that of sysfs: a disk with a partition. */
class BlockSysfsTest {
    @TempDir private Path root;

    @BeforeEach
    void plant() throws IOException {
        Path disk = root.resolve("devices/pci/block/mmcblk0");
        Files.createDirectories(disk.resolve("mmcblk0p1"));
        Files.createDirectories(disk.resolve("queue"));
        Files.createDirectories(disk.resolve("device"));
        Files.createDirectories(root.resolve("dev/block"));
        Files.writeString(disk.resolve("mmcblk0p1/partition"), "1\n");
        Files.createSymbolicLink(root.resolve("dev/block/179:0"), disk);
        Files.createSymbolicLink(root.resolve("dev/block/179:1"), disk.resolve("mmcblk0p1"));
    }

    @Test
    void shouldAskTheDiskWhenDeviceIsItsPartition() throws Exception {
        write("queue/write_cache", "write through\n");
        write("queue/discard_granularity", "4096\n");
        write("device/life_time", "0x01 0x0b\n");
        write("device/pre_eol_info", "0x02\n");

        for (int minor = 0; minor < 2; minor++) {
            BlockSysfs device = BlockSysfs.find(root, 179, minor);

            assertNotNull(device);
            assertTrue(device.writeThrough());
            assertEquals(4096, device.number("queue/discard_granularity"));
            assertEquals(new LifeTime(2, 1, 11), device.lifeTime());
        }
    }

    @Test
    void shouldAssumeTheWorstWhenSysfsSaysNothing() throws Exception {
        BlockSysfs device = BlockSysfs.find(root, 179, 0);

        assertNotNull(device);
        assertFalse(device.writeThrough());
        assertEquals(-1, device.number("queue/discard_granularity"));
        assertNull(device.lifeTime());
        write("queue/write_cache", "write back\n");
        write("queue/discard_granularity", "none\n");
        write("device/life_time", "garbage\n");
        write("device/pre_eol_info", "0x02\n");
        assertFalse(device.writeThrough());
        assertEquals(-1, device.number("queue/discard_granularity"));
        assertNull(device.lifeTime());
        assertNull(BlockSysfs.find(root, 8, 0));
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(root.resolve("devices/pci/block/mmcblk0").resolve(file), text);
    }
}
