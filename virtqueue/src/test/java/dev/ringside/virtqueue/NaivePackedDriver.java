package dev.ringside.virtqueue;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of a packed ring (virtio 1.3, section 2.8), with every field open to tests that
 * break the rules.
 */
final class NaivePackedDriver extends RingDriver {
    static final int AVAIL = 1 << 7;
    static final int USED = 1 << 15;
    static final int ENABLE = 0;
    static final int DISABLE = 1;
    static final int DESC = 2;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

    private final long descriptors;
    private final long driverEvent;
    private final long deviceEvent;
    private final Deque<Integer> freeIds = new ArrayDeque<>();

    /** By buffer ID: how many descriptors its chain has. */
    private final int[] lengths;

    private int freeDescriptors;
    private int next;
    private boolean wrap;
    private int used;
    private boolean usedWrap;
    private int kickedAt;
    private boolean kickedWrap;
    private int chains;

    /** A new ring at the start of the low region. */
    NaivePackedDriver(TestMemory memory, int size, long features) {
        this(memory, size, features, 0, true);
    }

    /** A ring that begins in the middle. */
    NaivePackedDriver(TestMemory memory, int size, long features, int slot, boolean wrapCounter) {
        super(memory, size, features | VirtioSpec.VIRTIO_F_RING_PACKED);
        this.descriptors = TestMemory.LOW;
        this.driverEvent = descriptors + 16L * size;
        this.deviceEvent = driverEvent + 4;
        this.lengths = new int[size];
        this.freeDescriptors = size;
        next = slot % size;
        wrap = wrapCounter;
        used = next;
        usedWrap = wrap;
        kickedAt = next;
        kickedWrap = wrap;
        for (int i = 0; i < size; i++) {
            freeIds.add(i);
            // As if the ring had been used up to here: no descriptor looks available or used.
            boolean before = i < next;
            putFlags(i, usedBits(before == wrap));
        }
        if ((features & EVENT_IDX) != 0) {
            setDeviceEvent(position(next, wrap), DESC);
        }
    }

    @Override
    RingLayout layout() {
        return new RingLayout(
                3,
                size,
                TestMemory.user(descriptors),
                TestMemory.user(driverEvent),
                TestMemory.user(deviceEvent));
    }

    @Override
    PackedVirtqueue queue() throws InvalidRingException {
        return queue(base());
    }

    @Override
    PackedVirtqueue queue(int base) throws InvalidRingException {
        return PackedVirtqueue.create(layout(), base, features, memory.memory(), null);
    }

    @Override
    int base() {
        return new PackedBase(next, wrap, next, wrap).bits();
    }

    @Override
    boolean allTaken(Virtqueue queue) {
        return (queue.base() & 0xffff) == position(next, wrap);
    }

    @Override
    long end() {
        return (deviceEvent + 4 + 4095) & -4096L;
    }

    long descriptorAddress(int slot) {
        return descriptors + 16L * slot;
    }

    long flagsAddress(int slot) {
        return descriptorAddress(slot) + 14;
    }

    long driverEventAddress() {
        return driverEvent;
    }

    long deviceEventAddress() {
        return deviceEvent;
    }

    /** AVAIL and USED of an available descriptor in this round of the ring. */
    int availableBits() {
        return wrap ? AVAIL : USED;
    }

    private static int usedBits(boolean wrapCounter) {
        return wrapCounter ? AVAIL | USED : 0;
    }

    /** Writes a descriptor anywhere. */
    void writeDescriptor(long at, long address, long length, int id, int flags) {
        putLittleEndian(at, address, 8);
        putLittleEndian(at + 8, length, 4);
        putLittleEndian(at + 12, id, 2);
        putLittleEndian(at + 14, flags, 2);
    }

    void putFlags(int slot, int flags) {
        memory.putShort(flagsAddress(slot), flags);
    }

    void releaseFlags(int slot, int flags) {
        long address = flagsAddress(slot);
        SHORT.setRelease(memory.segment(address), memory.offset(address), (short) flags);
    }

    int acquireFlags(int slot) {
        long address = flagsAddress(slot);
        return Short.toUnsignedInt(
                (short) SHORT.getAcquire(memory.segment(address), memory.offset(address)));
    }

    @Override
    int freeDescriptors() {
        return freeDescriptors;
    }

    @Override
    int nextHead() {
        return freeIds.element();
    }

    /** The slot of the next descriptor. */
    int nextSlot() {
        return next;
    }

    @Override
    int add(List<Buffer> buffers) {
        int id = freeIds.remove();
        int first = next;
        int firstFlags = 0;
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            boolean last = i == buffers.size() - 1;
            int flags = (buffer.writable() ? WRITE : 0) | (last ? 0 : NEXT) | availableBits();
            if (i == 0) {
                firstFlags = flags;
            }
            // The ID counts in the last one only; all ones elsewhere shows that.
            place(buffer.address(), buffer.length(), last ? id : 0xffff, i == 0 ? -1 : flags);
        }
        lengths[id] = buffers.size();
        releaseFlags(first, firstFlags);
        chains++;
        return id;
    }

    @Override
    int addIndirect(long table, List<Buffer> buffers) {
        int id = freeIds.remove();
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            // Reserved flags and the ID are for the device to ignore.
            int flags = buffer.writable() ? WRITE : 0;
            writeDescriptor(table + 16L * i, buffer.address(), buffer.length(), 0xffff, flags);
        }
        int first = next;
        int flags = INDIRECT | availableBits();
        place(table, 16L * buffers.size(), id, -1);
        lengths[id] = 1;
        releaseFlags(first, flags);
        chains++;
        return id;
    }

    /** Writes the next descriptor, honest or not, and goes on to the one behind it. */
    void offer(long address, long length, int id, int flags) {
        int slot = next;
        int available = availableBits();
        place(address, length, id, -1);
        releaseFlags(slot, flags | available);
    }

    private void place(long address, long length, int id, int flags) {
        long at = descriptorAddress(next);
        putLittleEndian(at, address, 8);
        putLittleEndian(at + 8, length, 4);
        putLittleEndian(at + 12, id, 2);
        if (flags >= 0) {
            putLittleEndian(at + 14, flags, 2);
        }
        freeDescriptors--;
        if (++next == size) {
            next = 0;
            wrap = !wrap;
        }
    }

    @Override
    boolean shouldKick() {
        VarHandle.fullFence();
        int desc = memory.getShort(deviceEvent);
        int flags = memory.getShort(deviceEvent + 2);
        int from = kickedAt;
        boolean fromWrap = kickedWrap;
        kickedAt = next;
        kickedWrap = wrap;
        if (flags != DESC) {
            return flags == ENABLE && (from != next || fromWrap != wrap);
        }
        int count = next - from + (wrap == fromWrap ? 0 : size);
        boolean eventWrap = (desc & 0x8000) != 0;
        int distance = (desc & 0x7fff) - from + (eventWrap == fromWrap ? 0 : size);
        return distance >= 0 && distance < count;
    }

    @Override
    @Nullable Used poll() {
        if (!usedWaits()) {
            return null;
        }
        long at = descriptorAddress(used);
        int id = memory.getShort(at + 12);
        int length = memory.getInt(at + 8);
        used += lengths[id];
        freeDescriptors += lengths[id];
        if (used >= size) {
            used -= size;
            usedWrap = !usedWrap;
        }
        freeIds.add(id);
        chains--;
        return new Used(id, length);
    }

    @Override
    boolean usedWaits() {
        return chains > 0 && (acquireFlags(used) & (AVAIL | USED)) == usedBits(usedWrap);
    }

    /** The WRITE flag of the next used descriptor. */
    boolean usedSaysWritten() {
        return (acquireFlags(used) & WRITE) != 0;
    }

    @Override
    void wantCalls() {
        if ((features & EVENT_IDX) != 0) {
            setDriverEvent(position(used, usedWrap), DESC);
        } else {
            setDriverEvent(0, ENABLE);
        }
        VarHandle.fullFence();
    }

    @Override
    void refuseCalls() {
        setDriverEvent(0, DISABLE);
    }

    void setDriverEvent(int desc, int flags) {
        memory.putInt(driverEvent, flags << 16 | desc);
    }

    void setDeviceEvent(int desc, int flags) {
        memory.putInt(deviceEvent, flags << 16 | desc);
    }

    static int position(int slot, boolean wrapCounter) {
        return slot | (wrapCounter ? 0x8000 : 0);
    }

    /** The place of the next used descriptor, in the form of an event. */
    int usedPosition() {
        return position(used, usedWrap);
    }
}
