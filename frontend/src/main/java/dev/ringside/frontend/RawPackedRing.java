package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The three areas of a packed virtqueue as bytes (virtio 1.3 section 2.8), with every field open to
 * reading and writing: what a driver needs, and what a hostile driver needs too. It checks nothing
 * but that an access stays within its area. Any thread.
 *
 * <p>A descriptor's second word holds length, buffer ID and flags; {@link #word} makes one.
 */
public final class RawPackedRing {
    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfShort LE16 = JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    /** For ordered access; the areas' alignment makes these fields aligned. */
    private static final VarHandle ORDERED16 =
            ValueLayout.JAVA_SHORT.withOrder(LITTLE_ENDIAN).varHandle();

    private static final VarHandle ORDERED32 =
            ValueLayout.JAVA_INT.withOrder(LITTLE_ENDIAN).varHandle();
    private static final VarHandle ORDERED64 =
            ValueLayout.JAVA_LONG.withOrder(LITTLE_ENDIAN).varHandle();

    private static final long WORD = 8;
    private static final long ID = 12;
    private static final long FLAGS = 14;
    private static final int AVAIL_AND_USED =
            VirtioSpec.PACKED_DESC_F_AVAIL | VirtioSpec.PACKED_DESC_F_USED;

    private final int size;
    private final MemorySegment descriptors;
    private final MemorySegment driver;
    private final MemorySegment device;

    /** Over the areas of a ring of {@code size} entries, each at least as long as it has to be. */
    public RawPackedRing(
            final int size,
            final MemorySegment descriptors,
            final MemorySegment driver,
            final MemorySegment device) {
        this.size = size;
        this.descriptors = descriptors;
        this.driver = driver;
        this.device = device;
    }

    /** How many entries the ring has. */
    public int size() {
        return size;
    }

    /** AVAIL and USED as a descriptor has them that is available in a round of the ring. */
    public static int availableFlags(final boolean wrap) {
        return wrap ? VirtioSpec.PACKED_DESC_F_AVAIL : VirtioSpec.PACKED_DESC_F_USED;
    }

    /** AVAIL and USED as a descriptor has them that is used in a round of the ring. */
    public static int usedFlags(final boolean wrap) {
        return wrap ? AVAIL_AND_USED : 0;
    }

    /** Whether a descriptor is used in a round of the ring; acquires what the device wrote. */
    public boolean used(final int slot, final boolean wrap) {
        return (flags(slot) & AVAIL_AND_USED) == usedFlags(wrap);
    }

    /** Whether a descriptor is available in a round of the ring; acquires what was written. */
    public boolean available(final int slot, final boolean wrap) {
        return (flags(slot) & AVAIL_AND_USED) == availableFlags(wrap);
    }

    /** A descriptor's second word. */
    public static long word(final int length, final int id, final int flags) {
        return (length & 0xffff_ffffL) | (id & 0xffffL) << 32 | (long) flags << 48;
    }

    /** Writes a whole descriptor, its second word with release order. */
    public void descriptor(
            final int slot, final long address, final int length, final int id, final int flags) {
        address(slot, address);
        releaseWord(slot, word(length, id, flags));
    }

    /** Writes a descriptor of an indirect table at an offset. */
    public static void descriptor(
            final MemorySegment table,
            final long offset,
            final long address,
            final int length,
            final int flags) {
        table.set(LE64, offset, address);
        table.set(LE64, offset + WORD, word(length, 0, flags));
    }

    /** Writes a descriptor's address. */
    public void address(final int slot, final long address) {
        descriptors.set(LE64, at(slot), address);
    }

    /** Writes a descriptor's second word, in no order. */
    public void word(final int slot, final long word) {
        descriptors.set(LE64, at(slot) + WORD, word);
    }

    /** Writes a descriptor's second word with release order: everything before it shows first. */
    public void releaseWord(final int slot, final long word) {
        ORDERED64.setRelease(descriptors, at(slot) + WORD, word);
    }

    /** A descriptor's address. */
    public long address(final int slot) {
        return descriptors.get(LE64, at(slot));
    }

    /** A descriptor's length; read it as unsigned. */
    public int length(final int slot) {
        return descriptors.get(LE32, at(slot) + WORD);
    }

    /** A descriptor's buffer ID. */
    public int id(final int slot) {
        return descriptors.get(LE16, at(slot) + ID) & 0xffff;
    }

    /** A descriptor's flags; acquires what was written before them. */
    public int flags(final int slot) {
        return (short) ORDERED16.getAcquire(descriptors, at(slot) + FLAGS) & 0xffff;
    }

    /** Writes the driver's event suppression structure, in one store. */
    public void driverEvent(final int desc, final int flags) {
        ORDERED32.setOpaque(driver, 0L, flags << Short.SIZE | desc);
    }

    /** The driver's event suppression structure: desc in the low half, flags in the high one. */
    public int driverEvent() {
        return (int) ORDERED32.getOpaque(driver, 0L);
    }

    /** Writes the device's event suppression structure, as a device does. */
    public void deviceEvent(final int desc, final int flags) {
        ORDERED32.setOpaque(device, 0L, flags << Short.SIZE | desc);
    }

    /** The device's event suppression structure: desc in the low half, flags in the high one. */
    public int deviceEvent() {
        return (int) ORDERED32.getOpaque(device, 0L);
    }

    /** Makes every byte of the three areas zero. */
    public void clear() {
        descriptors.fill((byte) 0);
        driver.fill((byte) 0);
        device.fill((byte) 0);
    }

    private static long at(final int slot) {
        return (long) slot * VirtioSpec.DESCRIPTOR_BYTES;
    }
}
