package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How programs are told to serve many disks. */
final class ManyDisksTest {
    @TempDir Path folder;

    private List<Path> sockets() {
        return List.of(folder.resolve("a-0.sock"), folder.resolve("a-1.sock"));
    }

    @Test
    void shouldGiveRingsideAConfiguration() throws IOException {
        List<String> command =
                new RingsideDisk(Path.of("/repository"), List.of("--metrics-port=0"))
                        .many(sockets(), 1);
        assertEquals("serve", command.get(1));
        String config = Files.readString(Path.of(command.getLast()));
        assertTrue(config.startsWith("[server]\nmetrics-port = \"0\"\n[disk.d0]\n"), config);
        assertTrue(config.contains("[disk.d1]\nsocket-path = \"" + sockets().get(1)), config);
    }

    @Test
    void shouldGiveQemuAnExportForEach() {
        List<String> command = new QemuDisk().many(sockets(), 1);
        assertEquals(2, command.stream().filter("--export"::equals).count());
        String last = command.getLast();
        assertTrue(last.contains("id=e1,node-name=n1,"), last);
        assertTrue(last.contains("addr.path=" + sockets().get(1)), last);
    }

    @Test
    void shouldGiveSpdkAControllerForEach() throws IOException {
        List<String> command = new SpdkDisk(Path.of("/nowhere/vhost")).many(sockets(), 1);
        String config = Files.readString(Path.of(command.get(command.indexOf("-c") + 1)));
        assertTrue(config.contains("\"params\": {\"name\": \"disk0\""), config);
        assertTrue(config.contains("\"accel_set_options\""), config);
        assertTrue(config.contains("{\"ctrlr\": \"a-1.sock\", \"dev_name\": \"disk1\"}"), config);
    }
}
