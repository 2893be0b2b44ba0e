package dev.ringside.virtio.blk.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** Backends as text. */
class BackendUriTest {
    private static BackendUri parse(String text) throws BackendException {
        return BackendUri.parse(text, "file"::equals);
    }

    private static void assertRefused(String uri, String... words) {
        BackendException refused =
                assertThrows(BackendException.class, () -> BlockBackends.open(uri, false).close());
        for (String word : words) {
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains(word), () -> "\"" + word + "\" in: " + message);
        }
    }

    @Test
    void shouldTakePathAndOptionsApart() throws Exception {
        assertEquals(
                new BackendUri("file", "/a b/c:d.img", Map.of("direct", "on", "x", "1=2")),
                parse("file:/a b/c:d.img,direct=on,x=1=2"));
        assertEquals(new BackendUri("null", "", Map.of("size", "1G")), parse("null:size=1G"));
        assertEquals(new BackendUri("null", "", Map.of()), parse("null:"));
        assertEquals(new BackendUri("file", "a,b", Map.of("c", "d,e")), parse("file:a,,b,c=d,,e"));
    }

    @Test
    void shouldReadSizesWithSuffixes() throws Exception {
        assertEquals(512, Sizes.parse("size", "512"));
        assertEquals(64 << 10, Sizes.parse("size", "64k"));
        assertEquals(3 << 20, Sizes.parse("size", "3M"));
        assertEquals(1L << 30, Sizes.parse("size", "1G"));
        assertEquals(5L << 40, Sizes.parse("size", "5T"));
        for (String wrong : new String[] {"", "G", "-1", "1.5G", "1GiB", "0x10", "9999999T"}) {
            assertThrows(BackendException.class, () -> Sizes.parse("size", wrong), wrong);
        }
        assertEquals("512 bytes", Sizes.text(512));
        assertEquals("1 GiB", Sizes.text(1L << 30));
        assertEquals("1025 KiB", Sizes.text(1025 << 10));
    }

    @Test
    void shouldNameWhatIsWrong() {
        assertRefused("disk.img", "no scheme", "file:PATH");
        assertRefused(":x", "no scheme");
        assertRefused("qcow3:/x", "unknown scheme \"qcow3\"", "file, memory, null");
        assertRefused("null:sise=1G", "unknown option \"sise\"", "read-zeroes, size");
        assertRefused("file:/x,dirct=on", "\"dirct\"", "block-size, direct, discard, lock");
        assertRefused("null:", "size= is missing", "null:size=1G");
        assertRefused("null:size=1000", "positive multiple of 512");
        assertRefused("memory:size=0", "positive multiple of 512");
        assertRefused("null:size=1G,size=2G", "given twice");
        assertRefused("null:size", "not KEY=VALUE");
        assertRefused("null:size=1G,read-zeroes=yes", "on or off");
        assertRefused("file:/x,direct=maybe", "auto, on or off");
        assertRefused("file:/x,block-size=1000", "power of two");
        assertRefused("file:/x,block-size=256", "power of two");
    }
}
