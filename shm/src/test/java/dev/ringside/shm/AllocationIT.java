package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class AllocationIT {
    @Test
    void shouldAllocateNothingWhenOnTheDataPath() throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.run(AllocationChild.class, List.of());

        assertEquals(0, outcome.status(), outcome.output());
    }
}
