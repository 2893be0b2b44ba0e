package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The three areas of a split virtqueue as bytes (virtio 1.3 section 2.7), with every field open to
 * reading and writing: what a driver needs, and what a hostile driver needs too. It checks nothing
 * but that an access stays within its area. Any thread.
 */
public final class RawRing {
    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfShort LE16 = JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    /** For ordered access; the areas' alignment makes every 16-bit field aligned. */
    private static final VarHandle ORDERED16 =
            ValueLayout.JAVA_SHORT.withOrder(LITTLE_ENDIAN).varHandle();

    private static final long INDEX = 2;
    private static final long RING = 4;
    private static final long USED_ELEMENT_BYTES = 8;

    private final int size;
    private final MemorySegment descriptors;
    private final MemorySegment driver;
    private final MemorySegment device;

    /** Over the areas of a ring of {@code size} entries, each at least as long as it has to be. */
    public RawRing(
            final int size,
            final MemorySegment descriptors,
            final MemorySegment driver,
            final MemorySegment device) {
        this.size = size;
        this.descriptors = descriptors;
        this.driver = driver;
        this.device = device;
    }

    /** Bytes of the descriptor area (section 2.7: 16 for each entry). */
    public static long descriptorAreaBytes(final int size) {
        return (long) VirtioSpec.DESCRIPTOR_BYTES * size;
    }

    /** Bytes of the driver area: flags, index, ring, used_event. */
    public static long driverAreaBytes(final int size) {
        return RING + 2L * size + 2;
    }

    /** Bytes of the device area: flags, index, ring, avail_event. */
    public static long deviceAreaBytes(final int size) {
        return RING + USED_ELEMENT_BYTES * size + 2;
    }

    /** How many entries the ring has. */
    public int size() {
        return size;
    }

    /** Writes a whole descriptor. */
    public void descriptor(
            final int i, final long address, final int length, final int flags, final int next) {
        descriptor(
                descriptors, (long) i * VirtioSpec.DESCRIPTOR_BYTES, address, length, flags, next);
    }

    /** Writes a whole descriptor at an offset in any table. */
    public static void descriptor(
            final MemorySegment table,
            final long offset,
            final long address,
            final int length,
            final int flags,
            final int next) {
        table.set(LE64, offset, address);
        // One store for length, flags and next: half the work of three.
        table.set(
                LE64,
                offset + 8,
                (length & 0xffff_ffffL) | (flags & 0xffffL) << 32 | (long) next << 48);
    }

    /** A descriptor's address. */
    public long descriptorAddress(final int i) {
        return descriptors.get(LE64, (long) i * VirtioSpec.DESCRIPTOR_BYTES);
    }

    /** A descriptor's length; read it as unsigned. */
    public int descriptorLength(final int i) {
        return descriptors.get(LE32, (long) i * VirtioSpec.DESCRIPTOR_BYTES + 8);
    }

    /** A descriptor's flags. */
    public int descriptorFlags(final int i) {
        return descriptors.get(LE16, (long) i * VirtioSpec.DESCRIPTOR_BYTES + 12) & 0xffff;
    }

    /** A descriptor's next field. */
    public int descriptorNext(final int i) {
        return descriptors.get(LE16, (long) i * VirtioSpec.DESCRIPTOR_BYTES + 14) & 0xffff;
    }

    /** Writes the flags of the driver area. */
    public void availableFlags(final int flags) {
        driver.set(LE16, 0, (short) flags);
    }

    /** The flags of the driver area. */
    public int availableFlags() {
        return driver.get(LE16, 0) & 0xffff;
    }

    /** Writes an entry of the available ring; {@code i} is taken modulo the size. */
    public void available(final int i, final int head) {
        driver.set(LE16, RING + 2L * (i & (size - 1)), (short) head);
    }

    /** An entry of the available ring. */
    public int available(final int i) {
        return driver.get(LE16, RING + 2L * (i & (size - 1))) & 0xffff;
    }

    /** Publishes the available index with release order. */
    public void availableIndex(final int index) {
        ORDERED16.setRelease(driver, INDEX, (short) index);
    }

    /** The available index, acquired. */
    public int availableIndex() {
        return (short) ORDERED16.getAcquire(driver, INDEX) & 0xffff;
    }

    /** Writes used_event (section 2.7.7, EVENT_IDX). */
    public void usedEvent(final int index) {
        ORDERED16.setOpaque(driver, RING + 2L * size, (short) index);
    }

    /** used_event. */
    public int usedEvent() {
        return (short) ORDERED16.getOpaque(driver, RING + 2L * size) & 0xffff;
    }

    /** The flags of the device area. */
    public int usedFlags() {
        return (short) ORDERED16.getOpaque(device, 0L) & 0xffff;
    }

    /** Writes the flags of the device area, as a device does. */
    public void usedFlags(final int flags) {
        ORDERED16.setOpaque(device, 0L, (short) flags);
    }

    /** The used index, acquired. */
    public int usedIndex() {
        return (short) ORDERED16.getAcquire(device, INDEX) & 0xffff;
    }

    /** Publishes the used index with release order, as a device does. */
    public void usedIndex(final int index) {
        ORDERED16.setRelease(device, INDEX, (short) index);
    }

    /** The id of a used element; {@code i} is taken modulo the size. */
    public int usedId(final int i) {
        return device.get(LE32, RING + USED_ELEMENT_BYTES * (i & (size - 1)));
    }

    /** The length of a used element. */
    public int usedLength(final int i) {
        return device.get(LE32, RING + USED_ELEMENT_BYTES * (i & (size - 1)) + 4);
    }

    /** A whole used element: the id in the low 32 bits, the length in the high ones. */
    public long usedElement(final int i) {
        return device.get(LE64, RING + USED_ELEMENT_BYTES * (i & (size - 1)));
    }

    /** Writes a used element, as a device does. */
    public void used(final int i, final int id, final int length) {
        device.set(LE32, RING + USED_ELEMENT_BYTES * (i & (size - 1)), id);
        device.set(LE32, RING + USED_ELEMENT_BYTES * (i & (size - 1)) + 4, length);
    }

    /** avail_event (section 2.7.10, EVENT_IDX). */
    public int availableEvent() {
        return (short) ORDERED16.getOpaque(device, RING + USED_ELEMENT_BYTES * size) & 0xffff;
    }

    /** Writes avail_event, as a device does. */
    public void availableEvent(final int index) {
        ORDERED16.setOpaque(device, RING + USED_ELEMENT_BYTES * size, (short) index);
    }

    /** Makes every byte of the three areas zero. */
    public void clear() {
        descriptors.fill((byte) 0);
        driver.fill((byte) 0);
        device.fill((byte) 0);
    }
}
