package dev.ringside.vhostuser;

/**
 * What one front-end may use.
 *
 * @param maxPayloadBytes the longest payload that is read; a longer one ends the session
 * @param maxRegions memory regions at a time: the answer to GET_MAX_MEM_SLOTS
 * @param maxMappedBytes the sum of the regions' sizes at a time
 * @param maxReadsPerSecond messages that are read in a second; one with a payload counts twice
 * @param maxDescriptors its descriptors that are open here at a time, its socket among them
 */
public record SessionLimits(
        int maxPayloadBytes,
        int maxRegions,
        long maxMappedBytes,
        int maxReadsPerSecond,
        int maxDescriptors) {

    private static final int MIN_PAYLOAD_BYTES =
            VhostUserSpec.MEM_TABLE_HEADER_SIZE
                    + VhostUserSpec.MAX_MEM_TABLE_REGIONS * VhostUserSpec.MEM_REGION_SIZE;

    /** A table of memory, a queue, the in-flight region, a log, a channel, and the socket. */
    public static final int MIN_DESCRIPTORS = 16;

    /**
     * Checks that a legal front-end can work within the limits.
     *
     * @throws IllegalArgumentException when one is too small
     */
    public SessionLimits {
        if (maxPayloadBytes < MIN_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "maxPayloadBytes is "
                            + maxPayloadBytes
                            + ": a memory table needs "
                            + MIN_PAYLOAD_BYTES);
        }
        if (maxRegions < 1) {
            throw new IllegalArgumentException("maxRegions is " + maxRegions + ": at least 1");
        }
        if (maxMappedBytes < 1) {
            throw new IllegalArgumentException(
                    "maxMappedBytes is " + maxMappedBytes + ": at least 1");
        }
        if (maxReadsPerSecond < 1) {
            throw new IllegalArgumentException(
                    "maxReadsPerSecond is " + maxReadsPerSecond + ": at least 1");
        }
        if (maxDescriptors < MIN_DESCRIPTORS) {
            throw new IllegalArgumentException(
                    "maxDescriptors is " + maxDescriptors + ": at least " + MIN_DESCRIPTORS);
        }
    }

    /**
     * 8 KiB of payload, 509 regions (what a virtual machine can have under KVM), 64 TiB, 50,000
     * messages a second (more than a guest's IOMMU needs, less than the conductor could read), and
     * 2,048 descriptors: three of each queue that a device can have, and one of each region.
     */
    public static SessionLimits defaults() {
        return new SessionLimits(8192, 509, 1L << 46, 50_000, 2048);
    }

    /** The same with other limits of memory. */
    public SessionLimits withMemory(int regions, long mappedBytes) {
        return new SessionLimits(
                maxPayloadBytes, regions, mappedBytes, maxReadsPerSecond, maxDescriptors);
    }

    /** The same with another rate of messages. */
    public SessionLimits withReadsPerSecond(int reads) {
        return new SessionLimits(
                maxPayloadBytes, maxRegions, maxMappedBytes, reads, maxDescriptors);
    }

    /** The same with another limit of descriptors. */
    public SessionLimits withDescriptors(int descriptors) {
        return new SessionLimits(
                maxPayloadBytes, maxRegions, maxMappedBytes, maxReadsPerSecond, descriptors);
    }
}
