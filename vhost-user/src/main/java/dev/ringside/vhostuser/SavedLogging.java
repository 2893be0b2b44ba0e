package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link SavedSession} logs of its writes, while its machine is migrated.
 *
 * @param all whether VHOST_F_LOG_ALL was taken
 * @param log SET_LOG_BASE's; null: none came
 * @param changed SET_LOG_FD's; null: nobody listens
 */
public record SavedLogging(boolean all, @Nullable Log log, @Nullable Fd changed) {
    /** Of a machine that was never migrated. */
    public static final SavedLogging NONE = new SavedLogging(false, null, null);

    /**
     * The log.
     *
     * @param file what it is mapped from
     * @param sizeBytes size
     * @param offset where in the file it starts
     */
    public record Log(Fd file, long sizeBytes, long offset) {}
}
