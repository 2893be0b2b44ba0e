package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.server.demo.GuestImage;
import dev.ringside.server.demo.QemuOptions;
import dev.ringside.server.demo.RingsideProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The example for libvirt: its VM is started by a real libvirtd, its configuration served. */
@Timeout(600)
final class LibvirtIT extends GuestTest {
    private static final Path EXAMPLE = Path.of("../packaging/libvirt");
    private static final int DISK_MIB = 64;
    private static final long LIMIT_NS = 300_000_000_000L;

    private static final String SCRIPT =
            """
            check size "$(cat /sys/block/vda/size)" 131072
            check queues "$(ls /sys/block/vda/mq | wc -l)" 1
            ip addr add 10.9.0.2/24 dev eth0
            ip link set eth0 up
            ping -c 2 -W 20 10.9.0.1
            mke2fs -q -t ext4 /dev/vda
            mount -t ext4 /dev/vda /mnt
            dd if=/dev/urandom of=/tmp/data bs=1M count=16 2>/dev/null
            say writing
            # While this goes on Ringside is stopped and started again.
            pass=0
            until ping -c 1 -W 1 10.9.0.9 >/dev/null; do
                dd if=/tmp/data of=/mnt/file bs=4k conv=fsync 2>/dev/null
                pass=$((pass + 1))
            done
            ping -c 2 -W 20 10.9.0.1
            echo 3 >/proc/sys/vm/drop_caches
            cmp /tmp/data /mnt/file
            umount /mnt
            e2fsck -fn /dev/vda
            ! dmesg | grep -i "I/O error" || fail the guest saw an error
            say passes $pass
            """;

    private String console = "";

    /**
     * The example, with what a test needs: no KVM, one CPU, this kernel, a console that is read.
     */
    private String domain() throws IOException {
        final Path initramfs =
                guest().writeInitramfs(path("initramfs"), SCRIPT, Set.of(GuestImage.Part.NET));
        String xml = Files.readString(EXAMPLE.resolve("vm1.xml"));
        xml = replaced(xml, "<domain type='kvm'>", "<domain type='qemu' xmlns:qemu='%s'>");
        xml = xml.formatted("http://libvirt.org/schemas/domain/qemu/1.0");
        xml = replaced(xml, "<vcpu>2<", "<vcpu>1<");
        xml = replaced(xml, "mode='host-passthrough'/>", "><model>Nehalem</model></cpu>");
        xml =
                replaced(
                        xml,
                        "hvm</type>",
                        "hvm</type><kernel>%s</kernel><initrd>%s</initrd><cmdline>%s</cmdline>"
                                .formatted(
                                        guest().kernel(), initramfs, QemuOptions.KERNEL_ARGUMENTS));
        xml = replaced(xml, "<boot order='1'/>", "");
        xml =
                replaced(
                        xml,
                        "<serial type='pty'/>",
                        "<serial type='file'><source path='" + path("console") + "'/></serial>");
        // QEMU 7.2 without KVM dies of a vhost-user NIC with MSI-X.
        return replaced(
                xml,
                "</domain>",
                """
                <qemu:override><qemu:device alias='net0'><qemu:frontend>
                  <qemu:property name='vectors' type='unsigned' value='0'/>
                </qemu:frontend></qemu:device></qemu:override></domain>
                """);
    }

    private static String replaced(final String text, final String old, final String by) {
        assertTrue(text.contains(old), old + " is not in the example");
        return text.replace(old, by);
    }

    private static RingsideProcess serveExample(final Libvirt libvirt)
            throws IOException, InterruptedException {
        final RingsideProcess ringside =
                RingsideProcess.start(
                        libvirt.host().launcher(),
                        List.of("serve", "/etc/ringside/vm1.toml"),
                        line -> {});
        libvirt.host().run("ip addr replace 10.9.0.1/24 dev vm1-lan; ip link set vm1-lan up");
        return ringside;
    }

    private void await(final Libvirt libvirt, final String line)
            throws IOException, InterruptedException {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (!console.contains("@" + line)) {
            if (System.nanoTime() > deadline || console.contains("@verdict fail")) {
                fail("no " + line + " in:\n" + console + "\n" + libvirt.messages());
            }
            LockSupport.parkNanos(20_000_000);
            console = Files.readString(path("console"));
        }
    }

    @Test
    void shouldStartTheExampleAndLiveThroughARestartOfRingside() throws Exception {
        Files.writeString(path("vm1.xml"), domain());
        try (Libvirt libvirt = Libvirt.start(path("libvirt"))) {
            libvirt.host().run("cp " + EXAMPLE.resolve("vm1.toml").toRealPath() + " /etc/ringside");
            libvirt.host()
                    .run("truncate -s %dM /var/lib/ringside/vm1/root.img".formatted(DISK_MIB));
            final String valid = libvirt.host().run("virt-xml-validate " + path("vm1.xml"));
            assertTrue(valid.endsWith(" validates"), valid);
            try (RingsideProcess before = serveExample(libvirt)) {
                libvirt.virsh("define", path("vm1.xml").toString());
                libvirt.virsh("start", "vm1");
                await(libvirt, "writing");
                assertEquals(0, before.terminate(), before.messages());
            }

            try (RingsideProcess after = serveExample(libvirt)) {
                // The guest stops writing when this address answers.
                libvirt.host().run("ip addr add 10.9.0.9/32 dev vm1-lan");
                await(libvirt, "verdict pass");
                assertEquals(0, after.terminate(), after.messages());
            }
            while (!libvirt.virsh("domstate", "vm1").equals("shut off")) {
                LockSupport.parkNanos(20_000_000);
            }
        }
    }
}
