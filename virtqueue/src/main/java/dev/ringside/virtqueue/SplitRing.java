package dev.ringside.virtqueue;

import static dev.ringside.virtqueue.AvailableChains.WORDS;
import static dev.ringside.virtqueue.SplitRingSpec.DESCRIPTOR_BYTES;
import static dev.ringside.virtqueue.SplitRingSpec.DESCRIPTOR_META;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import dev.ringside.shm.Prefetch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The three areas of a split ring in mapped memory, and every access to them except to descriptors
 * that are not a chain's first.
 *
 * <p>Both legacy drivers on x86 and modern ones use little-endian fields. Indices are the caller's:
 * below the queue's size.
 */
final class SplitRing {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Used entries are 4-byte aligned only; for descriptors, which are aligned, an aligned access
     * costs a check more.
     */
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle INDEX = SHORT.varHandle();

    private final RingArea descriptorArea;
    private final RingArea driverArea;
    private final RingArea deviceArea;
    private final int slotMask;
    private final long usedEventOffset;
    private final long availEventOffset;

    private MemorySegment descriptors = MemorySegment.NULL;
    private MemorySegment driver = MemorySegment.NULL;
    private MemorySegment device = MemorySegment.NULL;
    private GuestMemory memory = GuestMemory.empty();

    private SplitRing(RingLayout layout, boolean eventIdx) {
        int size = layout.size();
        this.slotMask = size - 1;
        this.usedEventOffset =
                SplitRingSpec.AVAIL_RING + (long) SplitRingSpec.AVAIL_ENTRY_BYTES * size;
        this.availEventOffset =
                SplitRingSpec.USED_RING + (long) SplitRingSpec.USED_ENTRY_BYTES * size;
        long eventBytes = eventIdx ? SplitRingSpec.EVENT_BYTES : 0;
        this.descriptorArea =
                new RingArea(
                        layout.index(),
                        "descriptor",
                        layout.descriptorUserAddress(),
                        (long) DESCRIPTOR_BYTES * size,
                        SplitRingSpec.DESCRIPTOR_ALIGN,
                        Iotlb.READ);
        this.driverArea =
                new RingArea(
                        layout.index(),
                        "driver",
                        layout.driverUserAddress(),
                        usedEventOffset + eventBytes,
                        SplitRingSpec.AVAIL_ALIGN,
                        Iotlb.READ);
        this.deviceArea =
                new RingArea(
                        layout.index(),
                        "device",
                        layout.deviceUserAddress(),
                        availEventOffset + eventBytes,
                        SplitRingSpec.USED_ALIGN,
                        Iotlb.WRITE);
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
        ring.descriptorArea.checkApart(ring.driverArea);
        ring.descriptorArea.checkApart(ring.deviceArea);
        ring.driverArea.checkApart(ring.deviceArea);
        ring.descriptors = ring.descriptorArea.find(memory);
        ring.driver = ring.driverArea.find(memory);
        ring.device = ring.deviceArea.find(memory);
        ring.memory = memory;
        return ring;
    }

    /**
     * Finds the areas in another guest memory; false, and nothing changed, when one is not there.
     */
    boolean remap(GuestMemory newMemory) {
        MemorySegment newDescriptors = descriptorArea.findAgain(newMemory);
        MemorySegment newDriver = driverArea.findAgain(newMemory);
        MemorySegment newDevice = deviceArea.findAgain(newMemory);
        if (newDescriptors == null || newDriver == null || newDevice == null) {
            return false;
        }
        descriptors = newDescriptors;
        driver = newDriver;
        device = newDevice;
        memory = newMemory;
        return true;
    }

    /** Bytes of the device area were written; false when the log does not cover them. */
    boolean logWritten(WriteLog log, long offset, long bytes) {
        return memory.translates()
                ? log.ringWritten(memory, device.address() + offset, bytes)
                : log.splitWritten(offset, bytes);
    }

    /**
     * Used entries and the index were written, and shown to the driver.
     *
     * @param from used index of the first entry, {@code to} that behind the last
     * @return false when the log does not cover them
     */
    boolean logUsed(WriteLog log, int from, int to, int size) {
        int first = from & (size - 1);
        int count = (to - from) & 0xffff;
        int straight = Math.min(count, size - first);
        boolean covered =
                logWritten(log, 0, SplitRingSpec.USED_RING)
                        && logEntries(log, first, straight)
                        && logEntries(log, 0, count - straight);
        log.published();
        return covered;
    }

    private boolean logEntries(WriteLog log, int first, int count) {
        return logWritten(
                log,
                SplitRingSpec.USED_RING + (long) SplitRingSpec.USED_ENTRY_BYTES * first,
                (long) SplitRingSpec.USED_ENTRY_BYTES * count);
    }

    /** Whether an address of any area lies in a range. */
    boolean touches(long first, long last) {
        return descriptorArea.touches(first, last)
                || driverArea.touches(first, last)
                || deviceArea.touches(first, last);
    }

    MemorySegment descriptors() {
        return descriptors;
    }

    /** Section 2.7.13.3: what the driver wrote before this index is seen after it is read. */
    int acquireAvailableIndex() {
        return Short.toUnsignedInt(
                (short) INDEX.getAcquire(driver, (long) SplitRingSpec.AVAIL_IDX));
    }

    /**
     * Reads available entries, and the descriptors that they name, as {@link AvailableChains} keeps
     * them. A loop of its own over local copies of the segments, so that all but the accesses
     * themselves happens once.
     */
    void readChains(int availableIndex, int count, long[] into, int at) {
        MemorySegment entries = driver;
        MemorySegment table = descriptors;
        int mask = slotMask;
        for (int i = 0; i < count; i++) {
            int slot = (availableIndex + i) & mask;
            readChain(availableEntry(entries, slot), table, mask, into, at + WORDS * i);
        }
    }

    /** Has the processor fetch used entries that will be written, as far as the ring's end. */
    void fetchUsedEntries(int usedIndex, int count) {
        int slot = usedIndex & slotMask;
        long offset = SplitRingSpec.USED_RING + (long) SplitRingSpec.USED_ENTRY_BYTES * slot;
        long bytes = (long) SplitRingSpec.USED_ENTRY_BYTES * untilEnd(slot, count);
        Prefetch.toWrite(device.address() + offset, bytes);
    }

    /**
     * Has the processor fetch descriptors that will be read. Most drivers use them one after the
     * other: so those from the first chain's head on.
     */
    void fetchDescriptors(int availableIndex, int count) {
        int head = availableEntry(availableIndex & slotMask) & slotMask;
        long bytes = (long) DESCRIPTOR_BYTES * untilEnd(head, count);
        Prefetch.toRead(descriptors.address() + (long) DESCRIPTOR_BYTES * head, bytes);
    }

    private int untilEnd(int slot, int count) {
        return Math.min(count, slotMask + 1 - slot);
    }

    /** Reads the descriptor of a head, as {@link AvailableChains} keeps it. */
    void readChain(int head, long[] into, int at) {
        readChain(head, descriptors, slotMask, into, at);
    }

    private static void readChain(int head, MemorySegment table, int mask, long[] into, int at) {
        // A head that is none is found out when its chain is taken: until then any will do.
        long offset = (long) DESCRIPTOR_BYTES * (head & mask);
        into[at] = head;
        into[at + 1] = table.get(LONG, offset);
        into[at + 2] = table.get(LONG, offset + DESCRIPTOR_META);
    }

    int availableEntry(int slot) {
        return availableEntry(driver, slot);
    }

    private static int availableEntry(MemorySegment entries, int slot) {
        long offset = SplitRingSpec.AVAIL_RING + (long) SplitRingSpec.AVAIL_ENTRY_BYTES * slot;
        return Short.toUnsignedInt(entries.get(SHORT, offset));
    }

    int availableFlags() {
        return Short.toUnsignedInt(driver.get(SHORT, SplitRingSpec.AVAIL_FLAGS));
    }

    /** Only with EVENT_IDX. */
    int usedEvent() {
        return Short.toUnsignedInt(driver.get(SHORT, usedEventOffset));
    }

    int usedFlags() {
        return Short.toUnsignedInt(device.get(SHORT, SplitRingSpec.USED_FLAGS));
    }

    /** Only with EVENT_IDX. */
    int availEvent() {
        return Short.toUnsignedInt(device.get(SHORT, availEventOffset));
    }

    int usedIndex() {
        return Short.toUnsignedInt(device.get(SHORT, SplitRingSpec.USED_IDX));
    }

    /** One used entry as it stands in the ring. */
    static long usedEntry(int head, int writtenBytes) {
        return (long) writtenBytes << Integer.SIZE | head;
    }

    /**
     * Plain: the driver sees them after {@link #releaseUsedIndex}.
     *
     * @param entries by slot
     * @param from used index of the first entry, {@code to} that behind the last
     */
    void setUsedEntries(long[] entries, int from, int to) {
        MemorySegment area = device;
        int mask = slotMask;
        int count = (to - from) & 0xffff;
        for (int i = 0; i < count; i++) {
            int slot = (from + i) & mask;
            long offset = SplitRingSpec.USED_RING + (long) SplitRingSpec.USED_ENTRY_BYTES * slot;
            area.set(LONG, offset, entries[slot]);
        }
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
}
