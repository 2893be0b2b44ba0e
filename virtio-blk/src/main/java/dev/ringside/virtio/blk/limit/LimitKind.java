package dev.ringside.virtio.blk.limit;

import org.jspecify.annotations.Nullable;

/** What can be limited, each by itself. */
public enum LimitKind {
    /** Requests per second. */
    IOPS("iops", false, true, true),
    /** Reads per second. */
    IOPS_READ("iops-read", false, true, false),
    /** Writes, discards and zeroings per second. */
    IOPS_WRITE("iops-write", false, false, true),
    /** Bytes per second. */
    BPS("bps", true, true, true),
    /** Bytes read per second. */
    BPS_READ("bps-read", true, true, false),
    /** Bytes written per second. */
    BPS_WRITE("bps-write", true, false, true);

    /** The highest rate and the largest burst of requests. */
    public static final long MOST_REQUESTS = 1_000_000_000;

    /** The highest rate and the largest burst of bytes. */
    public static final long MOST_BYTES = 1L << 40;

    private static final long LEAST_BYTES = 1024;

    private final String word;
    private final boolean bytes;
    private final boolean reads;
    private final boolean writes;

    LimitKind(String word, boolean bytes, boolean reads, boolean writes) {
        this.word = word;
        this.bytes = bytes;
        this.reads = reads;
        this.writes = writes;
    }

    /** The kind that a word means; null: none. */
    public static @Nullable LimitKind of(String word) {
        for (LimitKind kind : values()) {
            if (kind.word.equals(word)) {
                return kind;
            }
        }
        return null;
    }

    /** What it is called in options and metrics. */
    public String word() {
        return word;
    }

    /** Whether bytes are counted; else requests. */
    public boolean bytes() {
        return bytes;
    }

    /** Whether writes are counted, or else reads. */
    boolean counts(boolean write) {
        return write ? writes : reads;
    }

    /** The lowest rate. */
    long least() {
        return bytes ? LEAST_BYTES : 1;
    }

    /** The highest rate. */
    long most() {
        return bytes ? MOST_BYTES : MOST_REQUESTS;
    }

    /** The smallest burst that is of use. */
    long unit() {
        return bytes ? 4096 : 1;
    }
}
