package dev.ringside.virtio.net;

import java.util.Random;

/** Randomness that can be replayed: {@code -Dringside.seed=N}. */
public final class TestSeeds {
    private TestSeeds() {}

    /** A generator whose seed is printed. */
    public static Random random(String test) {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println(test + ": replay with -Dringside.seed=" + seed);
        return new Random(seed);
    }
}
