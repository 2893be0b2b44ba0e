package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.ctl.CtlCommand;
import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an operator does to a disk is seen by a real guest: another size, and a pause. */
final class ControlGuestIT extends GuestTest {
    private static final int SIZE_MIB = 32;
    private static final int GROWN_MIB = 64;

    private String ctl(final String... words) throws Exception {
        final List<String> arguments = new ArrayList<>();
        arguments.add("--control-socket=" + path("control"));
        arguments.addAll(List.of(words));
        final var printed = new ByteArrayOutputStream();
        final var print = new PrintStream(printed, true, StandardCharsets.UTF_8);
        final int status = CtlCommand.run(arguments, print, print);
        final String text = printed.toString(StandardCharsets.UTF_8);
        assertEquals(0, status, text);
        return text;
    }

    @Test
    void shouldShowTheGuestAnotherSizeAndLetItWaitWhilePaused() throws Exception {
        if (BackEnd.isPeer()) {
            return; // its own control is not ours to test
        }
        final Path image = Images.sparse(path("disk.img"), SIZE_MIB);
        final DiskServer server =
                serve(
                        DiskSpec.of(image)
                                .queues(1)
                                .option("--name=d")
                                .option("--control-socket=" + path("control")));
        final Qemu guest =
                bootWithoutFio(
                        QemuOptions.of(MEMORY_MIB, 1).disk(server.socket(), "num-queues=1"),
                        """
                        check size "$(cat /sys/block/vda/size)" 65536
                        ask grow
                        until [ "$(cat /sys/block/vda/size)" = 131072 ]; do sleep 0.02; done
                        dmesg | grep "vda.*new size" || fail the kernel saw no new size
                        dd if=/dev/urandom of=/tmp/data bs=1M count=1 2>/dev/null
                        dd if=/tmp/data of=/dev/vda bs=1M seek=63 oflag=direct 2>/dev/null \
                            || fail behind the old end
                        say grown "$(digest /dev/vda 63 1)"
                        ask pause
                        dd if=/tmp/data of=/dev/vda bs=1M seek=5 oflag=direct 2>/dev/null &
                        writer=$!
                        ask writing
                        kill -0 $writer || fail the paused disk took a write
                        ask still
                        wait $writer || fail the resumed disk lost a write
                        say written "$(digest /dev/vda 5 1)"
                        ! dmesg | grep -i "I/O error" || fail the guest saw an error
                        """);

        guest.await("@grow");
        assertEquals("d has 67108864 bytes\n", ctl("resize", "d", GROWN_MIB + "M"));
        guest.type("grown");
        final String grown = guest.await("@grown");
        assertEquals(Images.digest(image, GROWN_MIB - 1, 1), grown);

        guest.await("@pause");
        final String paused = ctl("pause", "d");
        assertEquals("d is paused\n", paused);
        guest.type("paused");
        guest.await("@writing");
        while (!ctl("dump-ring", "d", "0").contains(" available ")) {
            Thread.onSpinWait();
        }
        guest.type("look");
        guest.await("@still");
        final String resumed = ctl("resume", "d");
        assertEquals("d goes on\n", resumed);
        guest.type("go on");
        final String written = guest.await("@written");
        guest.awaitPass();
        assertEquals(Images.digest(image, 5, 1), written);
    }
}
