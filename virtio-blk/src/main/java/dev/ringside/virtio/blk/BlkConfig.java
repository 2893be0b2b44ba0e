package dev.ringside.virtio.blk;

import java.nio.charset.StandardCharsets;

/**
 * What an operator chooses about a disk's front, whatever its backend is.
 *
 * @param name the operator's name for it: labels metrics
 * @param queues how many virtqueues, 1 to 256
 * @param maxQueueSize largest Queue Size, a power of two from 2 to 32768
 * @param serial what GET_ID answers: at most 20 bytes of ASCII
 * @param readOnly writes are refused, also where the backend would take them
 * @param segMax most data segments of a request, at least 1. QEMU's rings have 128 descriptors
 *     unless told otherwise, and a driver does not know the ring's size when it reads this
 * @param sizeMax most bytes of a segment; 0: not limited, and VIRTIO_BLK_F_SIZE_MAX is not offered
 * @param writeCache offer a volatile write cache; without it every write is durable when it
 *     completes
 * @param onError what becomes of a request that the backend fails
 */
public record BlkConfig(
        String name,
        int queues,
        int maxQueueSize,
        String serial,
        boolean readOnly,
        int segMax,
        int sizeMax,
        boolean writeCache,
        ErrorPolicy onError) {
    /** Most queues of a disk. */
    public static final int MAX_QUEUES = 256;

    /** Largest Queue Size (virtio 1.3, section 2.7). */
    public static final int MAX_QUEUE_SIZE = 32768;

    private static final int DEFAULT_QUEUE_SIZE = 1024;
    private static final int DEFAULT_SEG_MAX = 126;

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException that names the option, the value and what is allowed
     */
    public BlkConfig {
        if (name.isBlank()) {
            throw new IllegalArgumentException("the device's name is empty; give it one");
        }
        if (queues < 1 || queues > MAX_QUEUES) {
            throw new IllegalArgumentException(
                    "num-queues " + queues + ": must be from 1 to " + MAX_QUEUES);
        }
        if (maxQueueSize < 2
                || maxQueueSize > MAX_QUEUE_SIZE
                || Integer.bitCount(maxQueueSize) != 1) {
            throw new IllegalArgumentException(
                    "queue-size "
                            + maxQueueSize
                            + ": must be a power of two from 2 to "
                            + MAX_QUEUE_SIZE);
        }
        checkSerial(serial);
        if (segMax < 1 || segMax > MAX_QUEUE_SIZE) {
            throw new IllegalArgumentException(
                    "seg-max " + segMax + ": must be from 1 to " + MAX_QUEUE_SIZE);
        }
        if (sizeMax != 0 && sizeMax < BlkSpec.SECTOR_BYTES) {
            throw new IllegalArgumentException(
                    "size-max " + sizeMax + ": must be at least 512, or 0 for no limit");
        }
    }

    private static void checkSerial(String serial) {
        if (!StandardCharsets.US_ASCII.newEncoder().canEncode(serial)
                || serial.chars().anyMatch(c -> c < ' ' || c > '~')
                || serial.length() > BlkSpec.VIRTIO_BLK_ID_BYTES) {
            throw new IllegalArgumentException(
                    "serial \""
                            + serial
                            + "\": must be at most "
                            + BlkSpec.VIRTIO_BLK_ID_BYTES
                            + " printable ASCII characters");
        }
    }

    /** One queue, no serial, writable with a write cache. */
    public static BlkConfig named(String name) {
        return new BlkConfig(
                name,
                1,
                DEFAULT_QUEUE_SIZE,
                "",
                false,
                DEFAULT_SEG_MAX,
                0,
                true,
                ErrorPolicy.REPORT);
    }

    /** The same with so many queues. */
    public BlkConfig withQueues(int value) {
        return new BlkConfig(
                name, value, maxQueueSize, serial, readOnly, segMax, sizeMax, writeCache, onError);
    }

    /** The same with another largest Queue Size. */
    public BlkConfig withMaxQueueSize(int value) {
        return new BlkConfig(
                name, queues, value, serial, readOnly, segMax, sizeMax, writeCache, onError);
    }

    /** The same with another serial. */
    public BlkConfig withSerial(String value) {
        return new BlkConfig(
                name, queues, maxQueueSize, value, readOnly, segMax, sizeMax, writeCache, onError);
    }

    /** The same, read-only or not. */
    public BlkConfig withReadOnly(boolean value) {
        return new BlkConfig(
                name, queues, maxQueueSize, serial, value, segMax, sizeMax, writeCache, onError);
    }

    /** The same with another number of data segments. */
    public BlkConfig withSegMax(int value) {
        return new BlkConfig(
                name, queues, maxQueueSize, serial, readOnly, value, sizeMax, writeCache, onError);
    }

    /** The same with another limit of a segment's bytes; 0: none. */
    public BlkConfig withSizeMax(int value) {
        return new BlkConfig(
                name, queues, maxQueueSize, serial, readOnly, segMax, value, writeCache, onError);
    }

    /** The same, with or without a volatile write cache. */
    public BlkConfig withWriteCache(boolean value) {
        return new BlkConfig(
                name, queues, maxQueueSize, serial, readOnly, segMax, sizeMax, value, onError);
    }

    /** The same with another way to meet the backend's errors. */
    public BlkConfig withOnError(ErrorPolicy value) {
        return new BlkConfig(
                name, queues, maxQueueSize, serial, readOnly, segMax, sizeMax, writeCache, value);
    }
}
