package dev.ringside.server.upgrade;

import org.jspecify.annotations.Nullable;

/**
 * Places at which a test has the process die, as by kill -9: the one that {@code
 * ringside.upgrade.die} names. Nothing at all in production, where that is not set.
 */
public final class Steps {
    private static final @Nullable String DIE_AT = System.getProperty("ringside.upgrade.die");
    private static final int KILLED = 137;

    private Steps() {}

    /** The process has come to a place. */
    public static void reached(String step) {
        if (DIE_AT != null && DIE_AT.equals(step)) {
            Runtime.getRuntime().halt(KILLED);
        }
    }
}
