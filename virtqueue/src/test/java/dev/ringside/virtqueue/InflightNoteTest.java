package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is noted behind the queues' parts of an in-flight region. */
class InflightNoteTest {
    private static final int QUEUES = 2;
    private static final int SIZE = 8;
    private static final long PARTS = 2 * 192;
    private static final long BYTES = PARTS + 64;

    private static InflightRegion again(Fd file, long bytes) throws LinuxException {
        return InflightRegion.map(file.duplicate(), bytes, 0, QUEUES, SIZE);
    }

    private static byte[] content(Fd file, long bytes) throws LinuxException {
        try (MemoryRegion view = MemoryRegion.map(file.duplicate(), 0, 0, bytes, 0)) {
            return view.segment().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static void set(Fd file, byte[] content) throws LinuxException {
        try (MemoryRegion view = MemoryRegion.map(file.duplicate(), 0, 0, content.length, 0)) {
            view.segment().asByteBuffer().put(content);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTellTheNextProcess(boolean packed) throws LinuxException {
        try (InflightRegion region = InflightRegion.create(QUEUES, SIZE, packed)) {
            assertEquals(0, region.noted());
            for (int choices : new int[] {1, 2, 255, 0, 7}) {
                region.note(choices);
                try (InflightRegion next = again(region.fd(), region.sizeBytes())) {
                    assertEquals(choices, next.noted());
                    next.note(9);
                }
                assertEquals(9, region.noted());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"384", "448", "449", "8192", "64", "63", "8"})
    void shouldLeaveRegionsOfOthersAlone(long bytes) throws LinuxException {
        try (Fd file = Memfd.create("region", bytes)) {
            try (InflightRegion region = again(file, bytes)) {
                region.note(1);
                assertEquals(0, region.noted());
            }
            assertArrayEquals(new byte[(int) bytes], content(file, bytes));
        }
    }

    @Test
    void shouldNotBelieveANoteOfWhichABitIsWrong() throws LinuxException {
        try (InflightRegion region = InflightRegion.create(QUEUES, SIZE, false)) {
            region.note(1);
            byte[] right = content(region.fd(), BYTES);
            for (int bit = 0; bit < Long.SIZE; bit++) {
                byte[] wrong = right.clone();
                wrong[(int) PARTS + bit / 8] ^= (byte) (1 << bit % 8);
                set(region.fd(), wrong);
                try (InflightRegion next = again(region.fd(), BYTES)) {
                    assertEquals(0, next.noted(), "bit " + bit);
                    next.note(2);
                    // Of another version, or damaged below the magic: it is made right again.
                    assertEquals(bit < Integer.SIZE ? 2 : 0, next.noted(), "bit " + bit);
                }
            }
        }
    }

    @Test
    void shouldNotChangeAQueuesPart() throws LinuxException {
        try (InflightRegion region = InflightRegion.create(QUEUES, SIZE, false)) {
            byte[] ones = content(region.fd(), BYTES);
            for (int i = 0; i < PARTS; i++) {
                ones[i] = -1;
            }
            set(region.fd(), ones);
            region.note(200);

            byte[] after = content(region.fd(), BYTES);
            for (int i = 0; i < PARTS; i++) {
                assertEquals(-1, after[i], "byte " + i);
            }
        }
    }
}
