package dev.ringside.server.process;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.Watchdog;
import dev.ringside.shm.SdNotify;
import org.jspecify.annotations.Nullable;

/**
 * Whoever started this process and wants to know how it is, as systemd does: sd_notify(3).
 *
 * @param socket where it listens, a path or {@code @abstract}; null: nobody does
 * @param watchdogUs it ends a process that says nothing for so long, microseconds; 0: it does not
 */
record ServiceManager(@Nullable String socket, long watchdogUs) {
    /** What the environment says: sd_watchdog_enabled(3). */
    static ServiceManager ofEnvironment() {
        return new ServiceManager(
                SdNotify.socket(),
                watchdogUs(System.getenv("WATCHDOG_USEC"), System.getenv("WATCHDOG_PID")));
    }

    /** The watchdog's time; nonsense, and what is meant for another process, is none. */
    static long watchdogUs(@Nullable String time, @Nullable String pid) {
        String mine = Long.toString(ProcessHandle.current().pid());
        if (time == null || (pid != null && !pid.equals(mine))) {
            return 0;
        }
        try {
            return Math.max(0, Long.parseLong(time));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Tells it a state, such as {@code READY=1}; nobody may hear it. */
    void tell(String state) {
        boolean unused = SdNotify.notify(socket, state);
    }

    /** Tells it again and again that the engine's threads answer; null: nobody asks for that. */
    @Nullable Watchdog watch(Engine engine) {
        return socket == null || watchdogUs == 0
                ? null
                : new Watchdog(watchdogUs, engine::failures, () -> tell("WATCHDOG=1"));
    }
}
