package dev.ringside.virtio.net.l2;

import java.util.random.RandomGenerator;

/**
 * Mixes 60-bit keys so that nobody who does not know the secret can choose keys that meet. It can
 * be undone, so that a mixed key stands for the key.
 */
final class MacScramble {
    static final int BITS = 60;
    private static final long MASK = (1L << BITS) - 1;
    private static final int HALF = BITS / 2;

    private final long salt;
    private final long first;
    private final long second;
    private final long firstInverse;
    private final long secondInverse;

    MacScramble(RandomGenerator random) {
        salt = random.nextLong() & MASK;
        first = random.nextLong() | 1;
        second = random.nextLong() | 1;
        firstInverse = inverse(first);
        secondInverse = inverse(second);
    }

    long mix(long key) {
        long x = (key ^ salt) * first & MASK;
        x ^= x >>> HALF;
        x = x * second & MASK;
        return x ^ x >>> HALF;
    }

    long unmix(long mixed) {
        // A shift by half the bits undoes itself.
        long x = mixed ^ mixed >>> HALF;
        x = x * secondInverse & MASK;
        x ^= x >>> HALF;
        return (x * firstInverse & MASK) ^ salt;
    }

    /** Of an odd number, modulo 2^64: Newton's iteration doubles the correct bits. */
    private static long inverse(long odd) {
        long x = odd;
        for (int bits = 3; bits < Long.SIZE; bits *= 2) {
            x *= 2 - odd * x;
        }
        return x;
    }
}
