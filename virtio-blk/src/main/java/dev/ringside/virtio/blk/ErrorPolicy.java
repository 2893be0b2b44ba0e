package dev.ringside.virtio.blk;

import dev.ringside.shm.Errno;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What becomes of a request that the storage fails. */
public enum ErrorPolicy {
    /** The guest gets the error. */
    REPORT,
    /** It waits while there is no space; the guest gets other errors. */
    ENOSPC,
    /** It waits until the storage carries it out. */
    HOLD;

    /** How it is written. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The policy that a word means; null: none. */
    public static @Nullable ErrorPolicy of(String word) {
        for (ErrorPolicy policy : values()) {
            if (policy.word().equals(word)) {
                return policy;
            }
        }
        return null;
    }

    /** Whether a request with this (positive) error number waits: for what may pass. */
    boolean holds(int errno) {
        return switch (this) {
            case REPORT -> false;
            case ENOSPC -> errno == Errno.ENOSPC || errno == Errno.EDQUOT;
            case HOLD ->
                    // What the request itself asks for, or its memory, does not get better.
                    errno != Errno.EOPNOTSUPP && errno != Errno.EINVAL && errno != Errno.EFAULT;
        };
    }
}
