package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultGuardTest {
    // Never mapped in a process: nothing faults there.
    private static final long NOWHERE = 1L << 62;

    @Test
    void shouldRefuseRegionAndLeakNothingWhenTableIsFull() throws Exception {
        FaultGuard guard = FaultGuard.instance();
        assertNotNull(guard);
        long descriptors = Leaks.descriptors();
        List<Integer> slots = new ArrayList<>();
        try {
            LinuxException full =
                    assertThrows(
                            LinuxException.class,
                            () -> {
                                while (slots.size() <= FaultGuard.CAPACITY) {
                                    slots.add(guard.register(NOWHERE, 4096));
                                }
                            });
            assertEquals(Errno.ENOSPC, full.errno());

            LinuxException e =
                    assertThrows(
                            LinuxException.class,
                            () -> MemoryRegion.map(Memfd.create("full", 4096), 0, 0, 4096, 0));

            assertEquals(Errno.ENOSPC, e.errno());
            assertEquals(List.of(), Leaks.mappings("memfd:full"));
            assertEquals(descriptors, Leaks.descriptors());
        } finally {
            slots.forEach(guard::unregister);
        }
        MemoryRegion.map(Memfd.create("again", 4096), 0, 0, 4096, 0).close();
    }

    @Test
    void shouldUseLowestSlotAgainWhenItIsFree() throws Exception {
        FaultGuard guard = FaultGuard.instance();
        assertNotNull(guard);
        int first = guard.register(NOWHERE, 4096);
        int second = guard.register(NOWHERE, 4096);
        guard.unregister(first);

        assertEquals(first, guard.register(NOWHERE, 4096));

        assertFalse(guard.poisoned(first));
        guard.unregister(first);
        guard.unregister(second);
    }

    @Test
    void shouldHaveNoMemoryThatIsWritableAndCodeWhenInstalled() throws Exception {
        FaultGuard.install();
        FaultGuard.install();

        assertEquals(
                List.of(),
                Files.readAllLines(Path.of("/proc/self/maps")).stream()
                        // The JVM's own code cache is both.
                        .filter(line -> line.contains(" rwxp ") && line.length() < 60)
                        .filter(line -> sizeOf(line) == FaultGuardCode.DATA)
                        .toList());
    }

    private static long sizeOf(String line) {
        int dash = line.indexOf('-');
        return Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16)
                - Long.parseUnsignedLong(line, 0, dash, 16);
    }
}
