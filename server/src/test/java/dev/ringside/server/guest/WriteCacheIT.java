package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest's choice of its write cache outlives the process that it told. */
final class WriteCacheIT extends GuestTest {
    private static final String SCRIPT =
            """
            use() {
                dd if=/dev/urandom of=/dev/vda bs=4k count=4 oflag=direct 2>/tmp/dd.err ||
                    { cat /tmp/dd.err; fail dd; }
            }
            use
            cd /sys/block/vda
            for mode in "write through" "write back"; do
                ask next
                echo "$mode" >cache_type
                use
                ask chosen
                use
                check cache_type "$(cat cache_type)" "$mode"
                ask used
            done
            """;

    /** QEMU sends no configuration again: only the in-flight region, which it keeps. */
    @ParameterizedTest
    @ValueSource(strings = {"num-queues=1", "num-queues=1,packed=on"})
    void shouldKeepTheModeThatTheGuestChoseWhenItsBackEndIsKilled(final String properties)
            throws Exception {
        final DiskSpec spec =
                DiskSpec.of(Images.sparse(path("disk.img"), 16)).option("--metrics-port=0");
        final Path socket = path("disk.sock");
        RingsideDisk disk = RingsideDisk.start(spec, socket);
        try (Qemu guest =
                bootWithoutFio(
                        QemuOptions.of(MEMORY_MIB, 1).reconnectingDisk(socket, properties),
                        SCRIPT)) {
            guest.await("@next");
            assertEquals(1, writeCache(disk), "as a disk begins");
            for (final int mode : new int[] {0, 1}) {
                guest.type("choose");
                guest.await("@chosen");
                assertEquals(mode, writeCache(disk));
                disk.close();
                disk = RingsideDisk.start(spec, socket);
                guest.type("use it");
                guest.await("@used");
                assertEquals(mode, writeCache(disk), "after a kill");
                assertTrue(!disk.messages().contains("is not known"), disk.messages());
                guest.type("go on");
            }
            guest.awaitPass();
        } finally {
            disk.close();
        }
    }

    private static int writeCache(final RingsideDisk disk) throws IOException {
        final String ready = disk.process().readyLine();
        final URI address = URI.create(ready.substring(ready.indexOf("http://")).strip());
        try (InputStream in = address.toURL().openStream()) {
            final String page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            final Matcher value =
                    Pattern.compile("ringside_blk_write_cache\\{[^}]*} ([01])").matcher(page);
            assertTrue(value.find(), page);
            return Integer.parseInt(value.group(1));
        }
    }
}
