package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class CpuAffinityTest {
    @Test
    void shouldPinOnlyTheCallingThreadWhenPinned() throws Exception {
        int[] before = CpuAffinity.allowed();
        int last = before[before.length - 1];
        FutureTask<int[]> pinned =
                new FutureTask<>(
                        () -> {
                            CpuAffinity.pinCurrentThread(last);
                            return CpuAffinity.allowed();
                        });

        Thread.ofPlatform().start(pinned).join();

        assertArrayEquals(new int[] {last}, pinned.get());
        assertArrayEquals(before, CpuAffinity.allowed());
    }

    @Test
    void shouldNameProcessorsWhenTheyAreNotThere() {
        LinuxException e =
                assertThrows(LinuxException.class, () -> CpuAffinity.pinCurrentThread(8000, 8001));

        assertEquals(Errno.EINVAL, e.errno());
        assertTrue(e.getMessage().contains(Arrays.toString(new int[] {8000, 8001})));
        assertThrows(IllegalArgumentException.class, CpuAffinity::pinCurrentThread);
        assertThrows(IllegalArgumentException.class, () -> CpuAffinity.pinCurrentThread(-1));
    }
}
