package dev.ringside.virtio.blk.backend;

import java.util.Random;

/** Randomness that can be replayed: {@code -Dringside.seed=N}. */
public final class TestSeed {
    private TestSeed() {}

    /** A generator whose seed is printed. */
    public static Random random(String test) {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println(test + ": replay with -Dringside.seed=" + seed);
        return new Random(seed);
    }

    /** Random bytes. */
    public static byte[] bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
