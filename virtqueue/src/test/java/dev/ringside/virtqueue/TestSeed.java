package dev.ringside.virtqueue;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Randomness that can be replayed: {@code -Dringside.seed=N}. */
final class TestSeed {
    private TestSeed() {}

    /** A generator whose seed is printed. */
    static RandomGenerator generator(String test) {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println(test + ": replay with -Dringside.seed=" + seed);
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }
}
