package dev.ringside.bench.ring;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.InflightRegion;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.SplitVirtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A split ring somewhere in one region, with the driver's few accesses to it. Little-endian host.
 */
final class RingMemory {
    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

    private final GuestMemory memory;
    private final MemorySegment segment;
    private final long address;
    private final int size;

    /** A ring at an offset of the first region, zeroed. */
    RingMemory(GuestMemory memory, long offset, int size) {
        this.memory = memory;
        MemoryRegion region = memory.regions().getFirst();
        this.segment = region.segment().asSlice(offset, bytes(size));
        this.address = region.guestAddress() + offset;
        this.size = size;
        segment.fill((byte) 0);
    }

    /** Regions of equal size with holes between; user addresses equal guest addresses. */
    static GuestMemory regions(int count, long bytes) throws LinuxException {
        List<MemoryRegion> regions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long start = (1L + 2L * i) * bytes;
            regions.add(MemoryRegion.map(Memfd.create("bench", bytes), start, start, bytes, 0));
        }
        return GuestMemory.of(regions);
    }

    static long bytes(int size) {
        return used(size) + 8L + 8L * size;
    }

    private static long available(int size) {
        return 16L * size;
    }

    private static long used(int size) {
        return available(size) + ((6L + 2L * size + 3) & ~3L);
    }

    SplitVirtqueue queue(long features) throws InvalidRingException {
        return queue(features, null);
    }

    /** One that notes in a region what is in flight. */
    SplitVirtqueue queue(long features, @Nullable InflightRegion notes)
            throws InvalidRingException {
        RingLayout layout =
                new RingLayout(0, size, address, address + available(size), address + used(size));
        return SplitVirtqueue.create(layout, 0, features, memory, notes);
    }

    static void descriptor(
            MemorySegment table, int index, long address, int length, int flags, int next) {
        table.set(ValueLayout.JAVA_LONG, 16L * index, address);
        table.set(ValueLayout.JAVA_INT, 16L * index + 8, length);
        table.set(ValueLayout.JAVA_SHORT, 16L * index + 12, (short) flags);
        table.set(ValueLayout.JAVA_SHORT, 16L * index + 14, (short) next);
    }

    void descriptor(int index, long address, int length, int flags, int next) {
        descriptor(segment, index, address, length, flags, next);
    }

    void descriptorLength(int index, int length) {
        segment.set(ValueLayout.JAVA_INT, 16L * index + 8, length);
    }

    MemorySegment descriptors() {
        return segment;
    }

    void availableEntry(int slot, int head) {
        segment.set(ValueLayout.JAVA_SHORT, available(size) + 4 + 2L * slot, (short) head);
    }

    void releaseAvailableIndex(int index) {
        SHORT.setRelease(segment, available(size) + 2, (short) index);
    }

    void availableFlags(int flags) {
        segment.set(ValueLayout.JAVA_SHORT, available(size), (short) flags);
    }

    void usedEvent(int index) {
        segment.set(ValueLayout.JAVA_SHORT, available(size) + 4 + 2L * size, (short) index);
    }

    int usedFlags() {
        return segment.get(ValueLayout.JAVA_SHORT, used(size));
    }

    int acquireUsedIndex() {
        return Short.toUnsignedInt((short) SHORT.getAcquire(segment, used(size) + 2));
    }

    int usedLength(int slot) {
        return segment.get(ValueLayout.JAVA_INT, used(size) + 8 + 8L * slot);
    }

    int availEvent() {
        return segment.get(ValueLayout.JAVA_SHORT, used(size) + 4 + 8L * size);
    }

    void availEvent(int index) {
        segment.set(ValueLayout.JAVA_SHORT, used(size) + 4 + 8L * size, (short) index);
    }
}
