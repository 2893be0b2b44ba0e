package dev.ringside.server.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CpuListTest {
    private static final int[] ALLOWED = {0, 1, 2, 3, 4, 5, 8};

    @Test
    void shouldReadNumbersAndRangesInTheirOrder() throws OperatorException {
        assertEquals(List.of(1, 3, 4, 5), CpuList.parse("--cpu", "1,3-5", ALLOWED));
        assertEquals(List.of(8, 0), CpuList.parse("--cpu", "8,0", ALLOWED));
        assertEquals(List.of(2), CpuList.parse("--cpu", "2-2", ALLOWED));
    }

    @Test
    void shouldNameTheProcessorsThatMayBeUsed() {
        var refused =
                assertThrows(OperatorException.class, () -> CpuList.parse("--cpu", "5-7", ALLOWED));

        assertTrue(String.valueOf(refused.getMessage()).contains("processor 6"));
        assertTrue(String.valueOf(refused.getMessage()).contains("0-5,8"));
    }

    @Test
    void shouldWriteRanges() {
        assertEquals("0-5,8", CpuList.format(ALLOWED));
        assertEquals("3", CpuList.format(new int[] {3}));
        assertEquals("1,3", CpuList.format(new int[] {3, 1}));
    }
}
