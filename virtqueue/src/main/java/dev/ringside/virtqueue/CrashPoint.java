package dev.ringside.virtqueue;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Places between two stores at which a process may die: between them lies everything that recovery
 * has to cope with. Tests put a crash at each of them. Any thread.
 *
 * <p>Armed by the system property {@code ringside.crashpoints} alone: {@code true} for tests that
 * install what happens, a number to halt the process at that place, counted over all queues.
 * Without the property {@link #reached} is nothing: the flag is a constant to the compiler.
 */
public final class CrashPoint {
    private static final int KILLED = 137;
    private static final @Nullable String SETTING = System.getProperty("ringside.crashpoints");
    private static final boolean ARMED = SETTING != null;

    private static volatile @Nullable Runnable hook = haltAt(SETTING);

    private CrashPoint() {}

    private static @Nullable Runnable haltAt(@Nullable String setting) {
        if (setting == null || setting.equals("true")) {
            return null;
        }
        AtomicLong left = new AtomicLong(Long.parseLong(setting));
        return () -> {
            if (left.decrementAndGet() == 0) {
                Runtime.getRuntime().halt(KILLED);
            }
        };
    }

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
     * What happens at each place from now on: end the process, or throw to leave memory as it is.
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
