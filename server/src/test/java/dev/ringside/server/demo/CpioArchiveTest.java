package dev.ringside.server.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The layout of "newc", field by field, as the kernel's buffer-format.rst has it. */
final class CpioArchiveTest {
    @Test
    void shouldWriteHeaderNameAndContentEachAlignedToFourBytes() throws Exception {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final CpioArchive archive = new CpioArchive(out);

        archive.addFile("test", 0755, "hello".getBytes(StandardCharsets.UTF_8));
        archive.finish();

        final String text = out.toString(StandardCharsets.US_ASCII);
        final String zero = "00000000";
        final String file =
                "070701"
                        + "00000001" // inode
                        + "000081ED" // a regular file, rwxr-xr-x
                        + zero // uid
                        + zero // gid
                        + "00000001" // links
                        + zero // time
                        + "00000005" // size of the content
                        + zero.repeat(4) // devices
                        + "00000005" // length of the name with its end
                        + zero // check
                        + "test\0"
                        + "\0"
                        + "hello"
                        + "\0\0\0";
        assertEquals(file, text.substring(0, file.length()));
        assertEquals(0, file.length() % 4);
        final String trailer = text.substring(file.length());
        assertEquals("TRAILER!!!", trailer.substring(110, 120));
        assertEquals(0, text.length() % 4);
    }
}
