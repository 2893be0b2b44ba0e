package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class PrefetchTest {
    @Test
    void shouldChangeNothingWhenMemoryIsThere() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(4096, 64);
            memory.fill((byte) 0x5a);
            for (int offset = 0; offset < 130; offset++) {
                Prefetch.toRead(memory.address() + offset, 700);
                Prefetch.toWrite(memory.address() + offset, 700);
            }
            MemorySegment places = arena.allocate(JAVA_LONG, 32);
            for (int i = 0; i < 32; i++) {
                places.setAtIndex(JAVA_LONG, i, memory.address() + 31L * i);
            }
            MemorySegment onHeap = MemorySegment.ofArray(places.toArray(JAVA_LONG));
            Prefetch.eachToRead(places, 32, 76);
            Prefetch.eachToRead(onHeap, 32, 76);
            Prefetch.eachToWrite(places, 1, 1);
            Prefetch.eachToWrite(onHeap, 32, 76);
            for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
                assertEquals(0x5a5a5a5a5a5a5a5aL, memory.get(JAVA_LONG, at));
            }
        }
    }

    @Test
    void shouldDoNoHarmWhenNothingIsMapped() {
        for (long address : new long[] {0, 1, 4096, -64, -1, Long.MIN_VALUE, 1L << 47}) {
            Prefetch.toRead(address, 512);
            Prefetch.toWrite(address, 512);
            Prefetch.eachToRead(MemorySegment.ofArray(new long[] {address, 1}), 2, 512);
            Prefetch.eachToWrite(MemorySegment.ofArray(new long[] {address, 1}), 2, 512);
        }
    }
}
