package dev.ringside.virtio.net.offload;

/**
 * Identifications of IPv6 fragments: 32 bits that do not come again soon and do not tell a stranger
 * what comes next (RFC 7739).
 */
final class FragmentIds {
    // SplitMix64: a walk by an odd step, then a mixture of it.
    private static final long STEP = 0x9e3779b97f4a7c15L;

    private long state;

    FragmentIds(long seed) {
        state = seed;
    }

    int next() {
        state += STEP;
        long z = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return (int) ((z ^ (z >>> 31)) >>> 32);
    }
}
