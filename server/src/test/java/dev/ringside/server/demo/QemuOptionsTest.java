package dev.ringside.server.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class QemuOptionsTest {
    private static final QemuVersion OLD = new QemuVersion(7, 2);

    @Test
    void shouldShareTheGuestsMemoryWhateverItIsMadeOf() {
        final QemuOptions options =
                QemuOptions.of(256, 2).memoryFrom("memory-backend-file,mem-path=/dev/hugepages");

        assertTrue(
                options.command(Path.of("qmp"), OLD)
                        .contains(
                                "memory-backend-file,mem-path=/dev/hugepages,id=mem,size=256M,"
                                        + "share=on"));
    }

    @Test
    void shouldBootFromTheFirstDiskWhenThereIsNoKernel() {
        final List<String> command =
                QemuOptions.of(256, 1)
                        .disk(Path.of("a.sock"), "num-queues=1")
                        .disk(Path.of("b.sock"), "")
                        .command(Path.of("qmp"), OLD);

        assertTrue(
                command.contains(
                        "vhost-user-blk-pci,id=blk0,chardev=disk0,num-queues=1,bootindex=0"));
        assertTrue(command.contains("vhost-user-blk-pci,id=blk1,chardev=disk1"));
        assertFalse(command.contains("-kernel"));
    }

    @Test
    void shouldNameTheReconnectOptionAsTheInstalledVersionDoes() {
        final QemuOptions options = QemuOptions.of(256, 1).reconnectingDisk(Path.of("a.sock"), "");

        assertEquals("socket,id=disk0,path=a.sock,reconnect=1", chardev(options, OLD));
        assertEquals(
                "socket,id=disk0,path=a.sock,reconnect=1", chardev(options, new QemuVersion(9, 1)));
        assertEquals(
                "socket,id=disk0,path=a.sock,reconnect-ms=1000",
                chardev(options, new QemuVersion(9, 2)));
        assertEquals(
                "socket,id=disk0,path=a.sock,reconnect-ms=1000",
                chardev(options, new QemuVersion(10, 0)));
    }

    @Test
    void shouldRunEmulatedCpusOneAtATimeWhenParallelTranslationIsUnsound() {
        final QemuOptions options = QemuOptions.of(256, 2);

        assertTrue(options.command(Path.of("qmp"), OLD).contains("tcg,thread=single"));
        assertTrue(
                options.command(Path.of("qmp"), new QemuVersion(8, 0))
                        .contains("tcg,thread=single"));
        assertTrue(
                options.command(Path.of("qmp"), new QemuVersion(8, 1))
                        .contains("tcg,thread=multi"));
    }

    @Test
    void shouldGiveEveryQueueOfANicAVectorWhenQemuCanEmulateThat() {
        final QemuOptions options =
                QemuOptions.of(256, 4)
                        .nic(
                                new QemuOptions.Nic(
                                        Path.of("a.sock"),
                                        4,
                                        "52:54:00:00:00:01",
                                        "host_mtu=9000",
                                        true));
        final List<String> command = options.command(Path.of("qmp"), new QemuVersion(10, 0));

        assertTrue(command.contains("socket,id=nic0,path=a.sock,reconnect-ms=1000"));
        assertTrue(command.contains("vhost-user,id=net0,chardev=nic0,queues=4"));
        assertTrue(
                command.contains(
                        "virtio-net-pci,id=vnic0,netdev=net0,mac=52:54:00:00:00:01,mq=on,vectors=10"
                                + ",host_mtu=9000"));
    }

    @Test
    void shouldGiveANicNoVectorsWhenQemuWouldDieOfThem() {
        final QemuOptions options =
                QemuOptions.of(256, 1)
                        .nic(
                                new QemuOptions.Nic(
                                        Path.of("a.sock"), 1, "52:54:00:00:00:01", "", false));

        final boolean isRight =
                options.command(Path.of("qmp"), OLD).stream()
                        .anyMatch(
                                word ->
                                        word.endsWith(
                                                QemuOptions.hasKvm() ? "vectors=4" : "vectors=0"));

        assertTrue(isRight);
        assertTrue(
                options.command(Path.of("qmp"), OLD).contains("vhost-user,id=net0,chardev=nic0"));
    }

    private static String chardev(final QemuOptions options, final QemuVersion version) {
        return options.command(Path.of("qmp"), version).stream()
                .filter(word -> word.startsWith("socket,"))
                .findFirst()
                .orElseThrow();
    }
}
