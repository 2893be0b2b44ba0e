package dev.ringside.bench.compare;

import dev.ringside.frontend.ProcessUsage;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/** What a process spends while it has nothing to do. */
final class IdleCpu {
    private static final long SETTLE_NS = 1_000_000_000L;

    private IdleCpu() {}

    /** Percent of a processor, over so long, after a moment for adaptive spinning to end. */
    static double percent(final long pid, final long durationNs) throws IOException {
        pause(SETTLE_NS);
        final long cpuNs = ProcessUsage.cpuNs(pid);
        final long startNs = System.nanoTime();
        pause(durationNs);
        return 100.0 * (ProcessUsage.cpuNs(pid) - cpuNs) / (System.nanoTime() - startNs);
    }

    /** Waits so long, without spinning. */
    static void pause(final long durationNs) {
        final long endNs = System.nanoTime() + durationNs;
        for (long left = durationNs; left > 0; left = endNs - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
