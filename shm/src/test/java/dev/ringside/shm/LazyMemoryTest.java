package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class LazyMemoryTest {
    @Test
    void shouldBeZeroAndWritableFromEndToEnd() throws Exception {
        MemorySegment memory = LazyMemory.allocate(1L << 30);

        assertEquals(1L << 30, memory.byteSize());
        assertEquals(0, memory.address() % 4096);
        assertEquals(0, memory.get(JAVA_BYTE, (1L << 30) - 1));
        memory.set(JAVA_BYTE, (1L << 30) - 1, (byte) 7);
        assertEquals(7, memory.get(JAVA_BYTE, (1L << 30) - 1));
        assertThrows(IndexOutOfBoundsException.class, () -> memory.get(JAVA_BYTE, 1L << 30));
    }

    @Test
    void shouldSayItWhenThereIsNoRoom() {
        LinuxException e = assertThrows(LinuxException.class, () -> LazyMemory.allocate(1L << 62));

        assertEquals(Errno.ENOMEM, e.errno());
    }
}
