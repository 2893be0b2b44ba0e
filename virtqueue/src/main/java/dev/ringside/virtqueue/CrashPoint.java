package dev.ringside.virtqueue;

import org.jspecify.annotations.Nullable;

/**
 * Places between two stores at which a process may die: between them lies everything that recovery
 * has to cope with. Tests put a crash at each of them.
 *
 * <p>Armed by the system property {@code ringside.crashpoints} alone. Without it {@link #reached}
 * is nothing: the flag is a constant to the compiler.
 */
public final class CrashPoint {
    private static final boolean ARMED = Boolean.getBoolean("ringside.crashpoints");

    private static volatile @Nullable Runnable hook;

    private CrashPoint() {}

    /** Marks a place between two stores. */
    public static void reached() {
        if (ARMED) {
            Runnable armed = hook;
            if (armed != null) {
                armed.run();
            }
        }
    }

    /**
     * What happens at each place from now on: kill the process, or throw to leave memory as it is.
     *
     * @param action null: nothing
     * @throws IllegalStateException when this process was not started with the property
     */
    public static void onReached(@Nullable Runnable action) {
        if (!ARMED) {
            throw new IllegalStateException("start the JVM with -Dringside.crashpoints=true");
        }
        hook = action;
    }
}
