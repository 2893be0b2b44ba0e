package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How SPDK is told what to serve. */
final class SpdkDiskTest {
    @Test
    void shouldListenWhereItIsTold(@TempDir Path folder) throws IOException {
        Path socket = folder.resolve("spdk.sock");
        List<String> command =
                new SpdkDisk(Path.of("/nowhere/vhost"))
                        .command(Storage.NULL, folder.resolve("disk.img"), socket, 1);
        assertEquals("/nowhere/vhost", command.getFirst());
        assertEquals(folder.toString(), command.get(command.indexOf("-S") + 1));
        String config = Files.readString(Path.of(command.get(command.indexOf("-c") + 1)));
        assertTrue(config.contains("\"ctrlr\": \"spdk.sock\""), config);
    }

    @Test
    void shouldServeWhatIsCompared() {
        assertConfig("bdev_null_create", "\"num_blocks\": 2097152", Storage.NULL);
        assertConfig("bdev_malloc_create", "\"num_blocks\": 524288", Storage.MEMORY);
        assertConfig("bdev_aio_create", "\"filename\": \"/images/a \\\"b\\\"\"", Storage.TMPFS);
        assertConfig("bdev_aio_create", "\"filename\": \"/images/a \\\"b\\\"\"", Storage.FILE);
    }

    private static void assertConfig(String method, String parameter, Storage storage) {
        String config =
                SpdkDisk.config(
                        storage, Path.of("/images/a \"b\""), List.of(Path.of("/run/spdk.sock")));
        assertTrue(config.contains('"' + method + '"'), config);
        assertTrue(config.contains(parameter), config);
    }
}
