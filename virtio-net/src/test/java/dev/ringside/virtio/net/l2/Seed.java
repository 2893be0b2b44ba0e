package dev.ringside.virtio.net.l2;

/** Seeds of random tests, which can be given to repeat a failure. */
final class Seed {
    private Seed() {}

    /** A new one each time; printed. */
    static long next(String test) {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println(test + ": replay with -Dringside.seed=" + seed);
        return seed;
    }
}
