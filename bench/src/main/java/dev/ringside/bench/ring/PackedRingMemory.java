package dev.ringside.bench.ring;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.PackedBase;
import dev.ringside.virtqueue.PackedVirtqueue;
import dev.ringside.virtqueue.RingLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A packed ring somewhere in one region, with the driver's few accesses to it. Little-endian host.
 */
final class PackedRingMemory {
    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;
    static final int AVAIL = 1 << 7;
    static final int USED = 1 << 15;
    static final int ENABLE = 0;
    static final int DISABLE = 1;
    static final int DESC = 2;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

    private final GuestMemory memory;
    private final MemorySegment segment;
    private final long address;
    private final int size;

    /** A ring at an offset of the first region, zeroed. */
    PackedRingMemory(GuestMemory memory, long offset, int size) {
        this.memory = memory;
        MemoryRegion region = memory.regions().getFirst();
        this.segment = region.segment().asSlice(offset, bytes(size));
        this.address = region.guestAddress() + offset;
        this.size = size;
        segment.fill((byte) 0);
    }

    static long bytes(int size) {
        return 16L * size + 8;
    }

    private long driverEvent() {
        return 16L * size;
    }

    private long deviceEvent() {
        return driverEvent() + 4;
    }

    PackedVirtqueue queue(long features) throws InvalidRingException {
        RingLayout layout =
                new RingLayout(0, size, address, address + driverEvent(), address + deviceEvent());
        return PackedVirtqueue.create(layout, PackedBase.START, features, memory, null);
    }

    /** Everything of a descriptor but its flags. */
    void descriptor(int slot, long buffer, int length, int id) {
        segment.set(ValueLayout.JAVA_LONG, 16L * slot, buffer);
        segment.set(ValueLayout.JAVA_INT, 16L * slot + 8, length);
        segment.set(ValueLayout.JAVA_SHORT, 16L * slot + 12, (short) id);
    }

    void releaseFlags(int slot, int flags) {
        SHORT.setRelease(segment, 16L * slot + 14, (short) flags);
    }

    int acquireFlags(int slot) {
        return Short.toUnsignedInt((short) SHORT.getAcquire(segment, 16L * slot + 14));
    }

    int flags(int slot) {
        return Short.toUnsignedInt(segment.get(ValueLayout.JAVA_SHORT, 16L * slot + 14));
    }

    int length(int slot) {
        return segment.get(ValueLayout.JAVA_INT, 16L * slot + 8);
    }

    MemorySegment descriptors() {
        return segment;
    }

    void driverEvent(int desc, int flags) {
        segment.set(ValueLayout.JAVA_INT, driverEvent(), flags << Short.SIZE | desc);
    }

    int deviceEventBits() {
        return segment.get(ValueLayout.JAVA_INT, deviceEvent());
    }
}
