package dev.ringside.virtio.blk;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.LatencyHistogram;
import dev.ringside.shm.Errno;

/**
 * Counts a worker's completed requests. What completed inside a poll has a duration only once the
 * poll ends: those are noted, and recorded with one reading of the clock.
 */
@SuppressWarnings("EnumOrdinal") // a place in arrays that live as long as the enum
final class BlkTally {
    private static final BlkCounter[] REQUESTS = {
        BlkCounter.READ_REQUESTS,
        BlkCounter.WRITE_REQUESTS,
        BlkCounter.FLUSH_REQUESTS,
        BlkCounter.DISCARD_REQUESTS,
        BlkCounter.WRITE_ZEROES_REQUESTS,
        BlkCounter.SECURE_ERASE_REQUESTS,
        BlkCounter.GET_ID_REQUESTS,
        BlkCounter.GET_LIFETIME_REQUESTS,
        BlkCounter.OTHER_REQUESTS
    };

    private final Counters<BlkCounter> counters;
    private final LatencyHistogram[] latencies;
    private final LatencyHistogram readWaits;
    private final LatencyHistogram writeWaits;
    private final int[] burst;
    private BlkOperation runOperation = BlkOperation.OTHER;
    private int runLength;

    BlkTally(BlkQueueMetrics metrics) {
        counters = metrics.counters();
        BlkOperation[] operations = BlkOperation.values();
        latencies = new LatencyHistogram[operations.length];
        for (BlkOperation operation : operations) {
            latencies[operation.ordinal()] = metrics.latency(operation);
        }
        readWaits = metrics.throttled(BlkThrottled.READ);
        writeWaits = metrics.throttled(BlkThrottled.WRITE);
        burst = new int[operations.length];
    }

    /** A request succeeded. */
    void success(BlkOperation operation, long bytes) {
        counters.increment(REQUESTS[operation.ordinal()]);
        switch (operation) {
            case READ -> counters.add(BlkCounter.READ_BYTES, bytes);
            case WRITE -> counters.add(BlkCounter.WRITE_BYTES, bytes);
            case DISCARD -> counters.add(BlkCounter.DISCARD_BYTES, bytes);
            case WRITE_ZEROES -> counters.add(BlkCounter.WRITE_ZEROES_BYTES, bytes);
            case SECURE_ERASE -> counters.add(BlkCounter.SECURE_ERASE_BYTES, bytes);
            case FLUSH, GET_ID, GET_LIFETIME, OTHER -> {}
        }
    }

    /** A request failed with a status; a negative one: it had no room for any. */
    void failure(BlkOperation operation, int status) {
        counters.increment(REQUESTS[operation.ordinal()]);
        counters.increment(
                switch (status) {
                    case BlkSpec.VIRTIO_BLK_S_IOERR -> BlkCounter.IOERR;
                    case BlkSpec.VIRTIO_BLK_S_UNSUPP -> BlkCounter.UNSUPP;
                    default -> BlkCounter.NO_STATUS;
                });
    }

    /** The backend failed with a (positive) error number. */
    void backendError(int errno) {
        counters.increment(
                switch (errno) {
                    case Errno.EIO -> BlkCounter.EIO;
                    case Errno.ENOSPC -> BlkCounter.ENOSPC;
                    case Errno.EDQUOT -> BlkCounter.EDQUOT;
                    case Errno.EFAULT -> BlkCounter.EFAULT;
                    case Errno.EOPNOTSUPP -> BlkCounter.EOPNOTSUPP;
                    default -> BlkCounter.OTHER_ERRNO;
                });
    }

    /** A request waited so long for its turn. */
    void throttled(boolean write, long durationNs) {
        (write ? writeWaits : readWaits).record(durationNs);
    }

    /** A request waits for the storage. */
    void held() {
        counters.increment(BlkCounter.HELD);
    }

    /** A request that began at a sector took so long. */
    void latency(BlkOperation operation, long durationNs, long sector) {
        latencies[operation.ordinal()].record(durationNs, sector);
    }

    /** A request began and ended in this poll. Mostly the same operation as the one before. */
    void addToBurst(BlkOperation operation) {
        if (operation != runOperation) {
            burst[runOperation.ordinal()] += runLength;
            runOperation = operation;
            runLength = 0;
        }
        runLength++;
    }

    /** True when {@link #endBurst} has something to record. */
    boolean burstOpen() {
        return runLength > 0;
    }

    /** The poll that the noted requests belong to took so long. */
    void endBurst(long durationNs) {
        burst[runOperation.ordinal()] += runLength;
        runLength = 0;
        for (int i = 0; i < burst.length; i++) {
            for (int left = burst[i]; left > 0; left--) {
                latencies[i].record(durationNs);
            }
            burst[i] = 0;
        }
    }
}
