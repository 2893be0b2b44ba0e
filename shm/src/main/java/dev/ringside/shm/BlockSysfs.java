package dev.ringside.shm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What sysfs says of a block device (Documentation/ABI/stable/sysfs-block); a partition is resolved
 * to the device it lies on, which has the queue.
 */
final class BlockSysfs {
    static final Path ROOT = Path.of("/sys");

    private static final Pattern SPACE = Pattern.compile("\\s+");

    private final Path device;

    private BlockSysfs(Path device) {
        this.device = device;
    }

    /** The device with a number, or null when sysfs does not know it. */
    static @Nullable BlockSysfs find(Path root, int major, int minor) {
        try {
            Path device = root.resolve("dev/block").resolve(major + ":" + minor).toRealPath();
            boolean partition = Files.exists(device.resolve("partition"));
            Path parent = device.getParent();
            return new BlockSysfs(partition && parent != null ? parent : device);
        } catch (IOException e) {
            return null;
        }
    }

    /** Whether a finished write is on the medium without a flush; false when it is not known. */
    boolean writeThrough() {
        return "write through".equals(read("queue/write_cache"));
    }

    /** A number below the device's directory; -1 when it is not there or not one. */
    long number(String file) {
        String text = read(file);
        try {
            return text == null ? -1 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** The wear of an eMMC device, or null when this is none. */
    @Nullable LifeTime lifeTime() {
        String estimates = read("device/life_time");
        String endOfLife = read("device/pre_eol_info");
        if (estimates == null || endOfLife == null) {
            return null;
        }
        String[] both = SPACE.split(estimates, 2);
        try {
            return both.length == 2
                    ? new LifeTime(
                            Integer.decode(endOfLife),
                            Integer.decode(both[0]),
                            Integer.decode(both[1]))
                    : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private @Nullable String read(String file) {
        try {
            return Files.readString(device.resolve(file)).strip();
        } catch (IOException e) {
            return null;
        }
    }
}
