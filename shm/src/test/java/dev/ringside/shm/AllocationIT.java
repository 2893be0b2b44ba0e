package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class AllocationIT {
    @Test
    void shouldAllocateNothingWhenOnTheDataPath() throws Exception {
        // On a busy machine the warm-up can be over before a compiler thread got its turn.
        List<String> compiledWhenDue = List.of("-Xbatch");

        ChildJvm.Outcome outcome = ChildJvm.run(AllocationChild.class, compiledWhenDue);

        assertEquals(0, outcome.status(), outcome.output());
    }
}
