package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A guest whose own kernel drives an IOMMU in front of the disk. */
final class VIommuIT extends GuestTest {
    static final String PLATFORM = "disable-legacy=on,iommu_platform=on,ats=on";

    @Test
    void shouldReadBackWhatWasWrittenWhenEveryMappingIsTakenBackAtOnce() throws Exception {
        verify("intel_iommu=on iommu.strict=1", "num-queues=2,");
    }

    @Test
    void shouldReadBackWhatWasWrittenWhenMappingsAreTakenBackLater() throws Exception {
        verify("intel_iommu=on iommu.strict=0", "num-queues=1,queue-size=1024,");
    }

    @Test
    void shouldReadBackWhatWasWrittenByPackedRings() throws Exception {
        verify("intel_iommu=on iommu.strict=0", "num-queues=2,packed=on,");
    }

    @Test
    void shouldReadBackWhatWasWrittenWhenTheIommuPassesEverythingThrough() throws Exception {
        verify("intel_iommu=off", "num-queues=1,");
    }

    private void verify(final String kernelArguments, final String properties) throws Exception {
        final Path image = Images.sparse(path("disk.img"), 64);
        final DiskServer disk = serve(DiskSpec.of(image).queues(2));

        final Qemu guest =
                boot(
                        behindIommu(QemuOptions.of(MEMORY_MIB, 1), kernelArguments)
                                .with(
                                        "-chardev",
                                        "socket,id=behind,path=" + disk.socket(),
                                        "-device",
                                        "vhost-user-blk-pci,bus=port1,chardev=behind,"
                                                + properties
                                                + PLATFORM),
                        """
                        check platform "$(cut -c 34 /sys/bus/virtio/devices/virtio0/features)" 1
                        say groups $(ls /sys/kernel/iommu_groups | wc -l)
                        verified --name=mix --filename=/dev/vda --rw=randrw --iodepth=16 \
                            --bssplit=512/10:4k/50:64k/30:256k/10 --verify=crc32c --size=8m
                        mke2fs -q -t ext4 -b 4096 /dev/vda 48m
                        mount -t ext4 /dev/vda /mnt
                        dd if=/dev/urandom of=/mnt/file bs=1M count=4 2>/dev/null
                        before=$(md5sum </mnt/file)
                        umount /mnt
                        e2fsck -fn /dev/vda >/tmp/fsck 2>&1 || { cat /tmp/fsck; fail e2fsck; }
                        mount -t ext4 /dev/vda /mnt
                        check file "$(md5sum </mnt/file)" "$before"
                        umount /mnt
                        say digest "$(digest /dev/vda 0 48)"
                        """);
        final String groups = guest.await("@groups");
        final String seen = guest.await("@digest");
        guest.awaitPass();

        assertEquals(kernelArguments.contains("=on"), Integer.parseInt(groups) > 0, groups);
        assertEquals(Images.digest(image, 0, 48), seen);
    }

    /** A VM with an IOMMU, and two ports for devices behind it. */
    static QemuOptions behindIommu(final QemuOptions options, final String kernelArguments) {
        return options.with(
                "-device",
                "intel-iommu,intremap=off,device-iotlb=on",
                // Only behind a root port a device has ATS.
                "-device",
                "pcie-root-port,id=port1,chassis=1",
                "-device",
                "pcie-root-port,id=port2,chassis=2",
                "-append",
                QemuOptions.KERNEL_ARGUMENTS + " " + kernelArguments);
    }
}
