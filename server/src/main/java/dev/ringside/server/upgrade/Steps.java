package dev.ringside.server.upgrade;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Places at which a test has the process die, as by kill -9, or stay for a while: those that {@code
 * ringside.upgrade.die} and {@code ringside.upgrade.stay} name. Nothing at all in production, where
 * these are not set.
 */
public final class Steps {
    private static final @Nullable String DIE_AT = System.getProperty("ringside.upgrade.die");
    private static final @Nullable String STAY_AT = System.getProperty("ringside.upgrade.stay");
    private static final int KILLED = 137;
    private static final long STAY_NS = 2_000_000_000;

    private Steps() {}

    /** The process has come to a place. */
    public static void reached(String step) {
        if (step.equals(DIE_AT)) {
            Runtime.getRuntime().halt(KILLED);
        }
        if (step.equals(STAY_AT)) {
            long endNs = System.nanoTime() + STAY_NS;
            while (System.nanoTime() < endNs) {
                LockSupport.parkNanos(endNs - System.nanoTime());
            }
        }
    }
}
