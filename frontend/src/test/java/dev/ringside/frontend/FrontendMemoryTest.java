package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ringside.shm.Fd;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrontendMemoryTest {

    @Test
    void shouldTakeRoomFromRegionsInTurn() throws IOException {
        try (FrontendMemory memory = FrontendMemory.scattered(3, 8192)) {
            assertEquals(8192, memory.allocate(100, 64));
            assertEquals(3 * 8192, memory.allocate(100, 64));
            assertEquals(5 * 8192, memory.allocate(100, 64));
            assertEquals(8192 + 128, memory.allocate(100, 64));
            assertThrows(IllegalStateException.class, () -> memory.allocate(8193, 1));
        }
    }

    @Test
    void shouldGiveRoomBackWhenReleased() throws IOException {
        try (FrontendMemory memory = FrontendMemory.scattered(1, 8192)) {
            final List<Long> mark = memory.mark();
            memory.allocate(8192, 1);
            memory.release(mark);
            assertEquals(8192, memory.allocate(8192, 1));
        }
    }

    @Test
    void shouldTranslateToUserAddressesOfTheRegion() throws IOException {
        try (FrontendMemory memory = new FrontendMemory()) {
            memory.add(FrontendRegion.create(0x1000, 0x7000_0000, 4096, 0));
            assertEquals(0x7000_0010, memory.userAddress(0x1010));
            assertThrows(IllegalArgumentException.class, () -> memory.userAddress(0xfff));
            assertThrows(IllegalArgumentException.class, () -> memory.userAddress(0x2000));
        }
    }

    @Test
    void shouldMapTheFileFromTheOffsetOn() throws IOException {
        try (FrontendRegion whole = FrontendRegion.create(0, 0, 8192, 0);
                FrontendRegion tail = FrontendRegion.of(whole.fd().duplicate(), 0, 0, 4096, 4096)) {
            tail.segment().set(JAVA_BYTE, 1, (byte) 7);
            assertEquals(7, whole.segment().get(JAVA_BYTE, 4097));
        }
    }

    @Test
    void shouldCloseDescriptorWhenMappingFails() throws IOException {
        try (FrontendRegion region = FrontendRegion.create(0, 0, 4096, 0)) {
            final Fd copy = region.fd().duplicate();
            assertThrows(Exception.class, () -> FrontendRegion.of(copy, 0, 0, -1, 0));
            assertEquals(false, copy.isOpen());
        }
    }
}
