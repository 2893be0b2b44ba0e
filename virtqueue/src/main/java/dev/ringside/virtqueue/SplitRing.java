package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The three areas of a split ring in mapped memory, and every access to them except the
 * descriptors'.
 *
 * <p>Both legacy drivers on x86 and modern ones use little-endian fields. Indices are the caller's:
 * below the queue's size.
 */
final class SplitRing {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Used entries are 4-byte aligned only. */
    private static final ValueLayout.OfLong ENTRY =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle INDEX = SHORT.varHandle();

    private final RingLayout layout;
    private final long descriptorBytes;
    private final long driverBytes;
    private final long deviceBytes;
    private final long usedEventOffset;
    private final long availEventOffset;

    private MemorySegment descriptors = MemorySegment.NULL;
    private MemorySegment driver = MemorySegment.NULL;
    private MemorySegment device = MemorySegment.NULL;

    private SplitRing(RingLayout layout, boolean eventIdx) {
        int size = layout.size();
        this.layout = layout;
        this.usedEventOffset =
                SplitRingSpec.AVAIL_RING + (long) SplitRingSpec.AVAIL_ENTRY_BYTES * size;
        this.availEventOffset =
                SplitRingSpec.USED_RING + (long) SplitRingSpec.USED_ENTRY_BYTES * size;
        long eventBytes = eventIdx ? SplitRingSpec.EVENT_BYTES : 0;
        this.descriptorBytes = (long) SplitRingSpec.DESCRIPTOR_BYTES * size;
        this.driverBytes = usedEventOffset + eventBytes;
        this.deviceBytes = availEventOffset + eventBytes;
    }

    /**
     * Checks a layout (section 2.7: size, alignment; areas apart) and finds it in guest memory.
     *
     * @throws InvalidRingException naming what is wrong
     */
    static SplitRing create(RingLayout layout, boolean eventIdx, GuestMemory memory)
            throws InvalidRingException {
        int size = layout.size();
        if (size < 1 || size > SplitRingSpec.MAX_QUEUE_SIZE || Integer.bitCount(size) != 1) {
            throw new InvalidRingException(
                    "queue %d: size %d is not a power of two from 1 to %d"
                            .formatted(layout.index(), size, SplitRingSpec.MAX_QUEUE_SIZE));
        }
        SplitRing ring = new SplitRing(layout, eventIdx);
        ring.checkApart(
                "descriptor",
                layout.descriptorUserAddress(),
                ring.descriptorBytes,
                "driver",
                layout.driverUserAddress(),
                ring.driverBytes);
        ring.checkApart(
                "descriptor",
                layout.descriptorUserAddress(),
                ring.descriptorBytes,
                "device",
                layout.deviceUserAddress(),
                ring.deviceBytes);
        ring.checkApart(
                "driver",
                layout.driverUserAddress(),
                ring.driverBytes,
                "device",
                layout.deviceUserAddress(),
                ring.deviceBytes);
        ring.descriptors =
                ring.find(
                        "descriptor",
                        layout.descriptorUserAddress(),
                        ring.descriptorBytes,
                        SplitRingSpec.DESCRIPTOR_ALIGN,
                        memory);
        ring.driver =
                ring.find(
                        "driver",
                        layout.driverUserAddress(),
                        ring.driverBytes,
                        SplitRingSpec.AVAIL_ALIGN,
                        memory);
        ring.device =
                ring.find(
                        "device",
                        layout.deviceUserAddress(),
                        ring.deviceBytes,
                        SplitRingSpec.USED_ALIGN,
                        memory);
        return ring;
    }

    /**
     * Finds the areas in another guest memory; false, and nothing changed, when one is not there.
     */
    boolean remap(GuestMemory memory) {
        MemorySegment newDescriptors =
                memory.sliceUser(layout.descriptorUserAddress(), descriptorBytes);
        MemorySegment newDriver = memory.sliceUser(layout.driverUserAddress(), driverBytes);
        MemorySegment newDevice = memory.sliceUser(layout.deviceUserAddress(), deviceBytes);
        if (newDescriptors == null || newDriver == null || newDevice == null) {
            return false;
        }
        if (!isAligned(newDescriptors, SplitRingSpec.DESCRIPTOR_ALIGN)
                || !isAligned(newDriver, SplitRingSpec.AVAIL_ALIGN)
                || !isAligned(newDevice, SplitRingSpec.USED_ALIGN)) {
            return false;
        }
        descriptors = newDescriptors;
        driver = newDriver;
        device = newDevice;
        return true;
    }

    MemorySegment descriptors() {
        return descriptors;
    }

    /** Section 2.7.13.3: what the driver wrote before this index is seen after it is read. */
    int acquireAvailableIndex() {
        return Short.toUnsignedInt(
                (short) INDEX.getAcquire(driver, (long) SplitRingSpec.AVAIL_IDX));
    }

    int availableEntry(int slot) {
        long offset = SplitRingSpec.AVAIL_RING + (long) SplitRingSpec.AVAIL_ENTRY_BYTES * slot;
        return Short.toUnsignedInt(driver.get(SHORT, offset));
    }

    int availableFlags() {
        return Short.toUnsignedInt(driver.get(SHORT, SplitRingSpec.AVAIL_FLAGS));
    }

    /** Only with EVENT_IDX. */
    int usedEvent() {
        return Short.toUnsignedInt(driver.get(SHORT, usedEventOffset));
    }

    int usedIndex() {
        return Short.toUnsignedInt(device.get(SHORT, SplitRingSpec.USED_IDX));
    }

    /** Plain: the driver sees it after {@link #releaseUsedIndex}. */
    void setUsedEntry(int slot, int head, int writtenBytes) {
        long offset = SplitRingSpec.USED_RING + (long) SplitRingSpec.USED_ENTRY_BYTES * slot;
        device.set(ENTRY, offset, (long) writtenBytes << Integer.SIZE | head);
    }

    /** Section 2.7.8.2: a driver that sees this index sees all used entries before it. */
    void releaseUsedIndex(int index) {
        INDEX.setRelease(device, (long) SplitRingSpec.USED_IDX, (short) index);
    }

    void setUsedFlags(int flags) {
        device.set(SHORT, SplitRingSpec.USED_FLAGS, (short) flags);
    }

    /** Only with EVENT_IDX. */
    void setAvailEvent(int index) {
        device.set(SHORT, availEventOffset, (short) index);
    }

    private MemorySegment find(
            String area, long userAddress, long bytes, int alignment, GuestMemory memory)
            throws InvalidRingException {
        if ((userAddress & (alignment - 1)) != 0) {
            throw new InvalidRingException(
                    "queue %d: %s area at 0x%x is not aligned to %d"
                            .formatted(layout.index(), area, userAddress, alignment));
        }
        MemorySegment segment = memory.sliceUser(userAddress, bytes);
        if (segment == null) {
            throw new InvalidRingException(
                    "queue %d: %s area of %d bytes at 0x%x is not within one memory region"
                            .formatted(layout.index(), area, bytes, userAddress));
        }
        if (!isAligned(segment, alignment)) {
            throw new InvalidRingException(
                    "queue %d: %s area at 0x%x is mapped at 0x%x, not aligned to %d: %s"
                            .formatted(
                                    layout.index(),
                                    area,
                                    userAddress,
                                    segment.address(),
                                    alignment,
                                    "align the region's offset in its file"));
        }
        return segment;
    }

    private static boolean isAligned(MemorySegment segment, int alignment) {
        return (segment.address() & (alignment - 1)) == 0;
    }

    private void checkApart(String a, long startA, long bytesA, String b, long startB, long bytesB)
            throws InvalidRingException {
        // Differences modulo 2^64: right for areas anywhere, also where one of them would wrap.
        if (Long.compareUnsigned(startB - startA, bytesA) < 0
                || Long.compareUnsigned(startA - startB, bytesB) < 0) {
            throw new InvalidRingException(
                    "queue %d: %s area (%d bytes at 0x%x) and %s area (%d bytes at 0x%x) overlap"
                            .formatted(layout.index(), a, bytesA, startA, b, bytesB, startB));
        }
    }
}
