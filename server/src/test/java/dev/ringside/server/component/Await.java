package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.locks.LockSupport;

/** Waits for what another thread brings about. */
final class Await {
    private static final long LIMIT_NS = 20_000_000_000L;
    private static final long LOOK_NS = 200_000;

    private Await() {}

    /** Something that becomes true. */
    interface Condition {
        boolean holds() throws Exception;
    }

    /** Returns when the condition holds; fails the test when that takes absurdly long. */
    static void until(final String what, final Condition condition) throws Exception {
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                fail("waited in vain until " + what);
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }
}
