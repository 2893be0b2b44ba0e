package dev.ringside.server.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HeapRoomTest {
    private static final long MIB = 1 << 20;
    private static final long MOST = 1024 * MIB;

    @Test
    void shouldStaySmallWhenLittleLives() {
        assertEquals(32 * MIB, HeapRoom.next(32 * MIB, 0, MOST));
        assertEquals(32 * MIB, HeapRoom.next(32 * MIB, 8 * MIB, MOST));
    }

    @Test
    void shouldLeaveAsMuchRoomAsLivesWhenMuchLives() {
        for (long live = 9; live < 500; live++) {
            long next = HeapRoom.next(32 * MIB, live * MIB, MOST);
            assertTrue(next >= 2 * live * MIB, live + " MiB: " + next);
            assertTrue(next <= (2 * live + 18) * MIB, live + " MiB: " + next);
            assertEquals(next, HeapRoom.next(next, live * MIB, MOST));
        }
    }

    @Test
    void shouldNotPassTheHeapWhenMostOfItLives() {
        assertEquals(MOST, HeapRoom.next(32 * MIB, 900 * MIB, MOST));
        assertEquals(256 * MIB, HeapRoom.next(32 * MIB, 200 * MIB, 256 * MIB));
    }

    @Test
    void shouldComeBackWhenLittleLivesAgain() {
        assertEquals(100 * MIB, HeapRoom.next(100 * MIB, 20 * MIB, MOST));
        assertEquals(32 * MIB, HeapRoom.next(100 * MIB, 4 * MIB, MOST));
    }
}
