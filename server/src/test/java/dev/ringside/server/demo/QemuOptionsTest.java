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

    private static String chardev(final QemuOptions options, final QemuVersion version) {
        return options.command(Path.of("qmp"), version).stream()
                .filter(word -> word.startsWith("socket,"))
                .findFirst()
                .orElseThrow();
    }
}
