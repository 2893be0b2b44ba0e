package dev.ringside.server.engine;

/**
 * Decides when a shard stops spinning and sleeps. The spin grows while wake-ups come soon after
 * falling asleep (spinning a little longer would have caught them) and shrinks to nothing when
 * sleeps are long (spinning was for nothing). Confined to the shard.
 */
final class IdlePolicy {
    private static final long FIRST_SPIN_NS = 4_000;

    private final long maxSpinNs;
    private final boolean mayEverSleep;
    private long spinNs;
    private long idleSinceNs;
    private boolean idle;

    IdlePolicy(IdleMode mode, long maxSpinNs) {
        mayEverSleep = mode == IdleMode.ADAPTIVE;
        this.maxSpinNs = maxSpinNs;
        spinNs = Math.min(FIRST_SPIN_NS, maxSpinNs);
    }

    /** A cycle did work. */
    void worked() {
        idle = false;
    }

    /** A cycle found nothing to do at this time: whether the shard should sleep now. */
    boolean shouldSleep(long nowNs) {
        if (!idle) {
            idle = true;
            idleSinceNs = nowNs;
        }
        return mayEverSleep && nowNs - idleSinceNs >= spinNs;
    }

    /** The shard slept for this long before something woke it. */
    void slept(long durationNs) {
        idle = false;
        final long blockedNs = spinNs + durationNs;
        if (blockedNs > maxSpinNs) {
            spinNs /= 2;
        } else {
            spinNs = Math.min(maxSpinNs, Math.max(FIRST_SPIN_NS, spinNs * 2));
        }
    }

    long spinNs() {
        return spinNs;
    }
}
