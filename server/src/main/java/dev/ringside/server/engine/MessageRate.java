package dev.ringside.server.engine;

/**
 * How much of a session may be read now: so much a second, in bursts of a tenth of that. A
 * front-end that sends more waits: its socket fills, and the others go on. Confined to the
 * conductor.
 */
final class MessageRate {
    /** Read in a row before other sessions get their turn. */
    static final int READS_PER_TURN = 32;

    private static final long NS_PER_SECOND = 1_000_000_000L;
    private static final long NS_PER_MS = 1_000_000;
    private static final long BURST_NS = NS_PER_SECOND / 10;

    private final long costNs;
    private boolean pausing;

    /** When all that was read would have been read at an even pace. */
    private long pacedNs;

    MessageRate(int perSecond, long nowNs) {
        costNs = NS_PER_SECOND / perSecond;
        pacedNs = nowNs;
    }

    /** Something was read. */
    void read(long nowNs) {
        pacedNs = Math.max(pacedNs, nowNs) + costNs;
    }

    /** How long nothing more may be read, in milliseconds; 0: it may. */
    long pauseMs(long nowNs) {
        final long aheadNs = pacedNs - nowNs;
        return aheadNs <= BURST_NS ? 0 : Math.max(1, (aheadNs - BURST_NS / 2) / NS_PER_MS);
    }

    /** Whether it may be read now; if not, {@code resume} runs when it may. */
    boolean allows(Endpoint endpoint, Runnable resume) {
        final long pauseMs = pauseMs(System.nanoTime());
        if (pauseMs > 0 && !pausing) {
            pausing = true;
            endpoint.readsPause();
            endpoint.conductor()
                    .after(
                            pauseMs,
                            () -> {
                                pausing = false;
                                resume.run();
                            });
        }
        return pauseMs == 0;
    }

    /** Whether it is waiting to be allowed again. */
    boolean pausing() {
        return pausing;
    }
}
