package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.HostFile;
import dev.ringside.shm.LinuxException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Takes an image for this process alone, and waits for the I/O of a process that has died.
 *
 * <p>A process that is killed leaves requests behind that the kernel, or the disk, is still working
 * on. A write among them must not land after what the next process writes there, nor a read in
 * memory that the guest uses for something else by then. Each such request keeps its open file, and
 * that keeps its lock.
 */
final class ImageLock {
    /** Disks that answer at all do so within their driver's time limit, which is 30 s or less. */
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);

    /** A process that is ending is seen as a holder until its files are closed. */
    private static final long ENDING_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private ImageLock() {}

    /**
     * Locks the image, unless the options say not to.
     *
     * @throws BackendException when a living process has it, or the I/O of a dead one does not end
     */
    static void take(HostFile file, FileOptions options) throws BackendException {
        if (!options.lock()) {
            return;
        }
        try {
            if (options.readOnly()) {
                await(() -> file.tryLock(false), ENDING_NS, options);
                return;
            }
            await(file::tryLockContent, ENDING_NS, options);
            // Nobody serves it any more, so whoever has the mark is about to end, or has.
            await(() -> file.tryClaimIo() || isHandedOver(options), LIMIT_NS, options);
            await(file::tryMarkIo, LIMIT_NS, options);
        } catch (LinuxException e) {
            throw new BackendException(
                    options.path()
                            + ": cannot be locked ("
                            + e.getMessage()
                            + "); lock=off serves it unprotected",
                    e);
        }
    }

    /** An attempt to lock; false when somebody has a lock in the way. */
    private interface Attempt {
        boolean succeeds() throws LinuxException;
    }

    /**
     * The content is ours alone, so a living process that has the same lock has it by the same open
     * file: it handed us the file, and its I/O is its own concern until it has ended.
     */
    private static boolean isHandedOver(FileOptions options) {
        return LockHolders.includeAnotherWriter(options.path());
    }

    /** Waits, for a living holder no longer than {@code livingNs}. */
    private static void await(Attempt attempt, long livingNs, FileOptions options)
            throws BackendException, LinuxException {
        long start = System.nanoTime();
        while (!attempt.succeeds()) {
            long waited = System.nanoTime() - start;
            String holder = LockHolders.describe(options.path());
            if (waited > (holder.isEmpty() ? LIMIT_NS : livingNs)) {
                throw inUse(options, holder);
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    private static BackendException inUse(FileOptions options, String holder) {
        return new BackendException(
                options.path()
                        + ": is in use"
                        + (holder.isEmpty()
                                ? " by another process, or by I/O of one that has died"
                                : " by " + holder)
                        + (options.readOnly() ? ", which writes to it" : "")
                        + "; stop that one first (or lock=off, if both know of each other)");
    }
}
