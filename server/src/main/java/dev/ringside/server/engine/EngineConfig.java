package dev.ringside.server.engine;

import dev.ringside.vhostuser.SessionLimits;
import java.util.List;

/**
 * How the engine runs.
 *
 * @param shards number of polling threads, 1 or more
 * @param cpus the processors to pin shards to, shard i to {@code cpus.get(i % size)}; empty: not
 *     pinned
 * @param idle what a shard does when there is nothing to do
 * @param budget most descriptor chains taken from one queue in one duty cycle: what bounds the
 *     share of a shard that one guest can take
 * @param deviceShareNs how long the queues of one device may take chains in one duty cycle while
 *     other devices wait, in nanoseconds
 * @param maxSpinNs longest adaptive spin before a shard sleeps, in nanoseconds
 * @param ringEntries submission entries of each shard's io_uring
 * @param limits what each front-end may use
 * @param slow what takes so long that it is worth to be told of
 */
public record EngineConfig(
        int shards,
        List<Integer> cpus,
        IdleMode idle,
        int budget,
        long deviceShareNs,
        long maxSpinNs,
        int ringEntries,
        SessionLimits limits,
        SlowLimits slow) {
    /** Chains per queue and cycle: large enough to batch, small enough to be fair. */
    public static final int DEFAULT_BUDGET = 64;

    /** A few bursts: what others wait for each device is less than a sleep and wake-up. */
    public static final long DEFAULT_DEVICE_SHARE_NS = 50_000;

    /** Longest adaptive spin: the latency of one sleep and wake-up on a common host. */
    public static final long DEFAULT_MAX_SPIN_NS = 50_000;

    /** Submission entries per shard: two of the deepest usual queues. */
    public static final int DEFAULT_RING_ENTRIES = 512;

    /** Checks the values. Throws {@link IllegalArgumentException} that names the wrong one. */
    public EngineConfig {
        cpus = List.copyOf(cpus);
        requireAtLeast("shards", shards, 1);
        requireAtLeast("budget", budget, 1);
        requireAtLeast("ringEntries", ringEntries, 8);
        if (deviceShareNs < 1) {
            throw new IllegalArgumentException(
                    "deviceShareNs is " + deviceShareNs + ": it must be at least 1");
        }
        if (maxSpinNs < 0) {
            throw new IllegalArgumentException("maxSpinNs is " + maxSpinNs + ": it must be >= 0");
        }
    }

    /** The defaults for a number of shards, not pinned. */
    public static EngineConfig of(int shards, IdleMode idle) {
        return new EngineConfig(
                shards,
                List.of(),
                idle,
                DEFAULT_BUDGET,
                DEFAULT_DEVICE_SHARE_NS,
                DEFAULT_MAX_SPIN_NS,
                DEFAULT_RING_ENTRIES,
                SessionLimits.defaults(),
                SlowLimits.defaults());
    }

    /** The same with shards pinned to these processors. */
    public EngineConfig withCpus(List<Integer> pinned) {
        return new EngineConfig(
                shards, pinned, idle, budget, deviceShareNs, maxSpinNs, ringEntries, limits, slow);
    }

    /** The same with another longest adaptive spin. */
    public EngineConfig withMaxSpinNs(long longestNs) {
        return new EngineConfig(
                shards, cpus, idle, budget, deviceShareNs, longestNs, ringEntries, limits, slow);
    }

    /**
     * The same with other limits of what one guest can take of a shard.
     *
     * @param chains from one queue in one duty cycle
     * @param shareNs of one device in one duty cycle while others wait
     */
    public EngineConfig withShares(int chains, long shareNs) {
        return new EngineConfig(
                shards, cpus, idle, chains, shareNs, maxSpinNs, ringEntries, limits, slow);
    }

    /** The same with other limits of front-ends. */
    public EngineConfig withLimits(SessionLimits other) {
        return new EngineConfig(
                shards, cpus, idle, budget, deviceShareNs, maxSpinNs, ringEntries, other, slow);
    }

    /** The same with other limits of what is slow. */
    public EngineConfig withSlow(SlowLimits other) {
        return new EngineConfig(
                shards, cpus, idle, budget, deviceShareNs, maxSpinNs, ringEntries, limits, other);
    }

    private static void requireAtLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(
                    name + " is " + value + ": it must be at least " + least);
        }
    }
}
