package dev.ringside.frontend;

/**
 * Where the driver puts a ring, in guest addresses. Nothing is checked: a hostile layout is a
 * layout too.
 *
 * @param size entries; split: a power of two; up to {@link VirtioSpec#MAX_QUEUE_SIZE} for an honest
 *     driver
 */
public record QueueLayout(
        int index,
        int size,
        long descriptorGuestAddress,
        long driverGuestAddress,
        long deviceGuestAddress) {

    /** Takes room for an honest ring: contiguous where a region has the room. */
    public static QueueLayout allocate(
            final FrontendMemory memory, final int index, final int size) {
        return new QueueLayout(
                index,
                size,
                memory.allocate(RawRing.descriptorAreaBytes(size), 4096),
                memory.allocate(
                        RawRing.driverAreaBytes(size), VirtioSpec.DRIVER_AREA_ALIGNMENT * 64L),
                memory.allocate(
                        RawRing.deviceAreaBytes(size), VirtioSpec.DEVICE_AREA_ALIGNMENT * 1024L));
    }
}
