package dev.ringside.virtqueue;

import static dev.ringside.virtqueue.AvailableDescriptors.WORDS;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import dev.ringside.shm.Prefetch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The three areas of a packed ring in mapped memory, and every access to them. Indices are the
 * caller's: below the queue's size.
 */
final class PackedRing {
    private static final VarHandle FLAGS =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final ValueLayout.OfLong META =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ORDERED_META = META.varHandle();

    /** An event suppression structure in one access, so that neither side sees half of one. */
    private static final ValueLayout.OfInt EVENT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** So few need not be fetched: they are in one line. */
    private static final int FEW = 4;

    /** More would push each other out of the nearest cache. */
    private static final int MOST_FETCHED = 256;

    private final RingArea descriptorArea;
    private final RingArea driverArea;
    private final RingArea deviceArea;

    private MemorySegment descriptors = MemorySegment.NULL;
    private MemorySegment driverEvent = MemorySegment.NULL;
    private MemorySegment deviceEvent = MemorySegment.NULL;

    private GuestMemory memory = GuestMemory.empty();
    private final int size;

    private boolean fetches;
    private int foundLast;

    private PackedRing(RingLayout layout) {
        size = layout.size();
        int queue = layout.index();
        this.descriptorArea =
                new RingArea(
                        queue,
                        "descriptor",
                        layout.descriptorUserAddress(),
                        (long) PackedRingSpec.DESCRIPTOR_BYTES * layout.size(),
                        PackedRingSpec.DESCRIPTOR_ALIGN,
                        Iotlb.READ_WRITE);
        this.driverArea = event(queue, "driver", layout.driverUserAddress(), Iotlb.READ);
        this.deviceArea = event(queue, "device", layout.deviceUserAddress(), Iotlb.WRITE);
    }

    private static RingArea event(int queue, String name, long userAddress, int access) {
        return new RingArea(
                queue,
                name,
                userAddress,
                PackedRingSpec.EVENT_BYTES,
                PackedRingSpec.EVENT_ALIGN,
                access);
    }

    /**
     * Checks a layout (section 2.8.10.1: size, alignment; areas apart) and finds it in guest
     * memory.
     *
     * @throws InvalidRingException naming what is wrong
     */
    static PackedRing create(RingLayout layout, GuestMemory memory) throws InvalidRingException {
        int size = layout.size();
        if (size < 1 || size > PackedRingSpec.MAX_QUEUE_SIZE) {
            throw new InvalidRingException(
                    "queue %d: size %d is not from 1 to %d"
                            .formatted(layout.index(), size, PackedRingSpec.MAX_QUEUE_SIZE));
        }
        PackedRing ring = new PackedRing(layout);
        ring.descriptorArea.checkApart(ring.driverArea);
        ring.descriptorArea.checkApart(ring.deviceArea);
        ring.driverArea.checkApart(ring.deviceArea);
        ring.descriptors = ring.descriptorArea.find(memory);
        ring.driverEvent = ring.driverArea.find(memory);
        ring.deviceEvent = ring.deviceArea.find(memory);
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
        driverEvent = newDriver;
        deviceEvent = newDevice;
        memory = newMemory;
        return true;
    }

    /** Used descriptors were written in these slots; false when the log does not cover them. */
    boolean logUsed(WriteLog log, int from, int count) {
        int straight = Math.min(count, size - from);
        boolean covered = logSlots(log, from, straight) && logSlots(log, 0, count - straight);
        log.published();
        return covered;
    }

    private boolean logSlots(WriteLog log, int first, int count) {
        return log.ringWritten(
                memory,
                descriptors.address() + (long) PackedRingSpec.DESCRIPTOR_BYTES * first,
                (long) PackedRingSpec.DESCRIPTOR_BYTES * count);
    }

    /** The device's event was written; false when the log does not cover it. */
    boolean logDeviceEvent(WriteLog log) {
        return log.ringWritten(memory, deviceEvent.address(), PackedRingSpec.EVENT_BYTES);
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

    /** Section 2.8.20.1: what the driver wrote before these flags is seen after they are read. */
    int acquireFlags(int slot) {
        long offset =
                (long) PackedRingSpec.DESCRIPTOR_BYTES * slot + PackedRingSpec.DESCRIPTOR_FLAGS;
        return Short.toUnsignedInt((short) FLAGS.getAcquire(descriptors, offset));
    }

    /** Plain, for descriptors that the driver does not look at. */
    void setFlags(int slot, int flags) {
        long offset =
                (long) PackedRingSpec.DESCRIPTOR_BYTES * slot + PackedRingSpec.DESCRIPTOR_FLAGS;
        FLAGS.set(descriptors, offset, (short) flags);
    }

    /**
     * Plain: the driver sees them after {@link #releaseUsed} of a descriptor before them.
     *
     * @param from the first of the slots and of the metas, {@code to} the one behind the last
     */
    void setUsed(int[] slots, long[] metas, int from, int to) {
        MemorySegment table = descriptors;
        for (int i = from; i < to; i++) {
            table.set(META, metaOffset(slots[i]), metas[i]);
            CrashPoint.reached();
        }
    }

    /**
     * Reads descriptors from a slot on, going over the ring's end, as {@link AvailableDescriptors}
     * keeps them. A loop of its own over a local copy of the segment, so that all but the accesses
     * themselves happens once.
     */
    void readDescriptors(int from, int count, long[] into, int at) {
        MemorySegment table = descriptors;
        int slot = from;
        for (int i = 0; i < count; i++) {
            long offset = (long) PackedRingSpec.DESCRIPTOR_BYTES * slot;
            into[at + WORDS * i] = table.get(META, offset);
            into[at + WORDS * i + 1] = table.get(META, offset + PackedRingSpec.DESCRIPTOR_META);
            slot = slot + 1 == size ? 0 : slot + 1;
        }
    }

    /**
     * From now on {@link #scan} has the processor fetch as many descriptors as it found the last
     * time, once it sees that one is available: those that the driver is still writing are better
     * left to it.
     */
    void fetchAhead() {
        fetches = true;
    }

    /** They will be read, and written when they are used: one transfer where it would be two. */
    private void fetch(int from, int count) {
        long offset = (long) PackedRingSpec.DESCRIPTOR_BYTES * from;
        long bytes = (long) PackedRingSpec.DESCRIPTOR_BYTES * Math.min(count, size - from);
        Prefetch.toWrite(descriptors.address() + offset, bytes);
    }

    /** The slot so many behind another one. */
    int slot(int from, int distance) {
        int slot = from + distance;
        return slot < size ? slot : slot - size;
    }

    /**
     * A driver that sees these flags sees everything that was written before. Its length, id and
     * flags become visible at once.
     */
    void releaseUsed(int slot, long meta) {
        ORDERED_META.setRelease(descriptors, metaOffset(slot), meta);
    }

    /**
     * Section 2.8.10: whether the driver is to be called for descriptors that were used.
     *
     * @param from slot of the first of them, in a round of the ring
     * @param count how many, 1 to Queue Size
     * @param eventIdx whether EVENT_IDX was negotiated
     */
    boolean wantsCall(int from, boolean fromWrap, int count, boolean eventIdx) {
        int event = driverEvent.get(EVENT, 0);
        int flags = event >>> Short.SIZE & PackedRingSpec.EVENT_FLAGS_MASK;
        if (flags == PackedRingSpec.RING_EVENT_FLAGS_DISABLE) {
            return false;
        }
        if (flags != PackedRingSpec.RING_EVENT_FLAGS_DESC || !eventIdx) {
            return true;
        }
        boolean wrap = (event & PackedRingSpec.EVENT_WRAP) != 0;
        int offset = event & (PackedRingSpec.EVENT_WRAP - 1);
        int distance = offset - from + (wrap == fromWrap ? 0 : size);
        return distance >= 0 && distance < count;
    }

    /**
     * How much is available from a slot on.
     *
     * @param room the most descriptors that can be; one is looked at all the same
     * @return the number of descriptors, and in the upper half that of chains that end with them
     */
    long scan(int from, boolean fromWrap, int room) {
        MemorySegment table = descriptors;
        int slot = from;
        int available = PackedChainWalker.availableBits(fromWrap);
        int count = 0;
        long chains = 0;
        int flags = flags(table, slot);
        if (fetches && foundLast > FEW && (flags & PackedChainWalker.AVAILABLE_BITS) == available) {
            fetch(slot, Math.min(foundLast, MOST_FETCHED));
        }
        while ((flags & PackedChainWalker.AVAILABLE_BITS) == available) {
            count++;
            chains += (flags & PackedRingSpec.VIRTQ_DESC_F_NEXT) == 0 ? 1 : 0;
            if (count >= room) {
                break;
            }
            if (++slot == size) {
                slot = 0;
                available ^= PackedChainWalker.AVAILABLE_BITS;
            }
            flags = flags(table, slot);
        }
        // One for all flags: what the driver wrote before them is seen after this.
        VarHandle.acquireFence();
        foundLast = count;
        return chains << Integer.SIZE | count;
    }

    private static int flags(MemorySegment table, int slot) {
        long offset =
                (long) PackedRingSpec.DESCRIPTOR_BYTES * slot + PackedRingSpec.DESCRIPTOR_FLAGS;
        return Short.toUnsignedInt((short) FLAGS.get(table, offset));
    }

    /** The driver's event suppression structure. */
    int driverEvent() {
        return driverEvent.get(EVENT, 0);
    }

    /** The device's own. */
    int deviceEvent() {
        return deviceEvent.get(EVENT, 0);
    }

    /** What the device wants. */
    void setDeviceEvent(int desc, int flags) {
        deviceEvent.set(EVENT, 0, flags << Short.SIZE | desc);
    }

    private static long metaOffset(int slot) {
        return (long) PackedRingSpec.DESCRIPTOR_BYTES * slot + PackedRingSpec.DESCRIPTOR_META;
    }
}
