package dev.ringside.virtio.net;

/**
 * How the driver wants received frames hashed, and which queue pair a hash leads to (sections
 * 5.1.6.4.3 and 5.1.6.5.7). Immutable.
 */
final class HashRules {
    private final int types;
    private final byte[] key;
    private final short[] table;
    private final int unclassifiedPair;

    /**
     * Rules.
     *
     * @param types {@link dev.ringside.virtio.net.offload.HashType} bits
     * @param table pairs by the last bits of a hash, a power of two of them; empty: hashes lead
     *     nowhere
     * @param unclassifiedPair for frames without a hash
     */
    HashRules(int types, byte[] key, short[] table, int unclassifiedPair) {
        this.types = types;
        this.key = key.clone();
        this.table = table.clone();
        this.unclassifiedPair = unclassifiedPair;
    }

    int types() {
        return types;
    }

    byte[] key() {
        return key.clone();
    }

    short[] table() {
        return table.clone();
    }

    int unclassifiedPair() {
        return unclassifiedPair;
    }

    /** Whether hashes choose queue pairs. */
    boolean steers() {
        return table.length != 0;
    }

    /** The pair for a frame; only when {@link #steers}. */
    int pair(int hash, boolean hashed) {
        return hashed ? table[hash & (table.length - 1)] : unclassifiedPair;
    }
}
