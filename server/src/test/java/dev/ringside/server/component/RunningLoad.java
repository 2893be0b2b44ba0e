package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.NetLoad;
import java.io.IOException;
import java.util.function.LongSupplier;

/** The load of a driver whose device is about to be taken something away. */
record RunningLoad(LongSupplier count, Runnable abandoning, Joining joining) {
    /** Waits for the end. */
    interface Joining {
        Object join() throws IOException;
    }

    static RunningLoad of(final BlkLoad.Running running) {
        return new RunningLoad(running.load()::completed, running.load()::abandon, running::join);
    }

    static RunningLoad of(final NetLoad.Running running) {
        return new RunningLoad(running.load()::completed, running.load()::abandon, running::join);
    }

    long completed() {
        return count.getAsLong();
    }

    /** Ends it, whatever it finds in memory that is gone. */
    void abandon() {
        abandoning.run();
        try {
            assertNotNull(joining.join());
        } catch (IOException | RuntimeException e) {
            // A device without its memory gives nothing back, and a ring of zeroes makes no sense.
            assertNotNull(e);
        }
    }
}
