package dev.ringside.server.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A disk that a machine boots from: the firmware's driver first, then the kernel's. */
final class BiosBootIT extends GuestTest {
    private static final int DISK_MIB = 64;
    private static final long SECTORS = DISK_MIB * 2048L;

    @Test
    void shouldBootFromTheDiskWhenSeaBiosReadsTheBootSector() throws Exception {
        final Path image = bootableImage();
        final DiskServer disk = serve(DiskSpec.of(image));

        final Qemu guest = start(QemuOptions.of(256, 1).disk(disk.socket(), "num-queues=1"));
        // SYSLINUX, read by SeaBIOS, says its name on the serial port before it loads the kernel.
        guest.await("SYSLINUX");
        guest.await("@booted");
        final String seen = guest.await("@digest");
        guest.awaitPass();

        assertEquals(Images.digest(image, 0, DISK_MIB), seen);
    }

    /**
     * A FAT disk with SYSLINUX in its boot sector, and the guest's kernel and initramfs in files.
     */
    private Path bootableImage() throws IOException, InterruptedException {
        final Path image = Images.sparse(path("disk.img"), DISK_MIB);
        final Path initramfs =
                writeInitramfs("say digest \"$(digest /dev/vda 0 " + DISK_MIB + ")\"\n", false);
        final Path configuration = path("syslinux.cfg");
        Files.writeString(
                configuration,
                """
                SERIAL 0 115200
                DEFAULT guest
                LABEL guest
                  KERNEL kernel
                  INITRD initrd
                  APPEND %s
                """
                        .formatted(QemuOptions.KERNEL_ARGUMENTS));
        final String disk = image.toString();
        run("mformat", "-i", disk, "-T", Long.toString(SECTORS), "-h", "64", "-s", "32", "::");
        run("mcopy", "-i", disk, guest().vmlinuz().toString(), "::kernel");
        run("mcopy", "-i", disk, initramfs.toString(), "::initrd");
        run("mcopy", "-i", disk, configuration.toString(), "::syslinux.cfg");
        run("syslinux", "--install", disk);
        return image;
    }

    private static void run(final String... command) throws IOException, InterruptedException {
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("MTOOLS_SKIP_CHECK", "1");
        final Process process = builder.start();
        final String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), () -> List.of(command) + ": " + output);
    }
}
