package dev.ringside.virtqueue;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of a split ring (virtio 1.3, section 2.7), with every field open to tests that
 * break the rules.
 */
final class NaiveDriver extends RingDriver {
    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

    private final long descriptors;
    private final long available;
    private final long used;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final List<List<Integer>> chains = new ArrayList<>();
    private int availableIndex;
    private int usedIndex;
    private int kickedIndex;

    /** A ring at the start of the low region. */
    NaiveDriver(TestMemory memory, int size, long features) {
        this(memory, size, features, 0);
    }

    /** A ring whose indices begin at {@code base}. */
    NaiveDriver(TestMemory memory, int size, long features, int base) {
        super(memory, size, features);
        this.descriptors = TestMemory.LOW;
        this.available = descriptors + 16L * size;
        this.used = (available + 6 + 2L * size + 3) & ~3L;
        for (int i = 0; i < size; i++) {
            free.add(i);
            chains.add(List.of());
        }
        availableIndex = base;
        usedIndex = base;
        kickedIndex = base;
        memory.putShort(available + 2, base);
        memory.putShort(used + 2, base);
        memory.putShort(availEventAddress(), base);
    }

    @Override
    RingLayout layout() {
        return new RingLayout(
                3,
                size,
                TestMemory.user(descriptors),
                TestMemory.user(available),
                TestMemory.user(used));
    }

    @Override
    int base() {
        return availableIndex;
    }

    @Override
    boolean allTaken(Virtqueue queue) {
        return queue.base() == availableIndex;
    }

    @Override
    boolean usedWaits() {
        return deviceIndex() != usedIndex;
    }

    @Override
    SplitVirtqueue queue() throws InvalidRingException {
        return queue(availableIndex);
    }

    @Override
    SplitVirtqueue queue(int base) throws InvalidRingException {
        return SplitVirtqueue.create(layout(), base, features, memory.memory());
    }

    @Override
    long end() {
        return (used + 6 + 8L * size + 4095) & -4096L;
    }

    long descriptorAddress(int index) {
        return descriptors + 16L * index;
    }

    long availableIndexAddress() {
        return available + 2;
    }

    long availableEntryAddress(int slot) {
        return available + 4 + 2L * slot;
    }

    long availableFlagsAddress() {
        return available;
    }

    long usedEventAddress() {
        return available + 4 + 2L * size;
    }

    long availEventAddress() {
        return used + 4 + 8L * size;
    }

    long usedFlagsAddress() {
        return used;
    }

    void descriptor(int index, long address, long length, int flags, int next) {
        writeDescriptor(descriptorAddress(index), address, length, flags, next);
    }

    void writeDescriptor(long at, long address, long length, int flags, int next) {
        putLittleEndian(at, address, 8);
        putLittleEndian(at + 8, length, 4);
        putLittleEndian(at + 12, flags, 2);
        putLittleEndian(at + 14, next, 2);
    }

    @Override
    int freeDescriptors() {
        return free.size();
    }

    @Override
    int nextHead() {
        return free.element();
    }

    @Override
    int add(List<Buffer> buffers) {
        List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < buffers.size(); i++) {
            taken.add(free.remove());
        }
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            boolean last = i == buffers.size() - 1;
            int flags = (buffer.writable() ? WRITE : 0) | (last ? 0 : NEXT);
            int next = last ? 0 : taken.get(i + 1);
            descriptor(taken.get(i), buffer.address(), buffer.length(), flags, next);
        }
        chains.set(taken.getFirst(), taken);
        offer(taken.getFirst());
        return taken.getFirst();
    }

    @Override
    int addIndirect(long table, List<Buffer> buffers) {
        int head = free.remove();
        for (int i = 0; i < buffers.size(); i++) {
            Buffer buffer = buffers.get(i);
            boolean last = i == buffers.size() - 1;
            int flags = (buffer.writable() ? WRITE : 0) | (last ? 0 : NEXT);
            writeDescriptor(table + 16L * i, buffer.address(), buffer.length(), flags, i + 1);
        }
        descriptor(head, table, 16L * buffers.size(), INDIRECT, 0);
        chains.set(head, List.of(head));
        offer(head);
        return head;
    }

    /** Makes a head available. */
    void offer(int head) {
        memory.putShort(availableEntryAddress(availableIndex & (size - 1)), head);
        availableIndex = (availableIndex + 1) & 0xffff;
        setAvailableIndex(availableIndex);
    }

    void setAvailableIndex(int index) {
        SHORT.setRelease(
                memory.segment(available), memory.offset(availableIndexAddress()), (short) index);
    }

    /** Section 2.7.13.4: whether what was added since the last call is to be kicked. */
    @Override
    boolean shouldKick() {
        VarHandle.fullFence();
        int from = kickedIndex;
        kickedIndex = availableIndex;
        if ((features & EVENT_IDX) == 0) {
            return (memory.getShort(usedFlagsAddress()) & 1) == 0;
        }
        int event = memory.getShort(availEventAddress());
        return ((availableIndex - event - 1) & 0xffff) < ((availableIndex - from) & 0xffff);
    }

    @Override
    @Nullable Used poll() {
        if (deviceIndex() == usedIndex) {
            return null;
        }
        long entry = used + 4 + 8L * (usedIndex & (size - 1));
        Used result = new Used(memory.getInt(entry), memory.getInt(entry + 4));
        usedIndex = (usedIndex + 1) & 0xffff;
        free.addAll(chains.get(result.head()));
        chains.set(result.head(), List.of());
        return result;
    }

    /** The device's published used index. */
    int deviceIndex() {
        short index = (short) SHORT.getAcquire(memory.segment(used), memory.offset(used + 2));
        return Short.toUnsignedInt(index);
    }

    int usedIndex() {
        return usedIndex;
    }

    int availableIndex() {
        return availableIndex;
    }

    @Override
    void wantCalls() {
        memory.putShort(availableFlagsAddress(), 0);
        if ((features & EVENT_IDX) != 0) {
            memory.putShort(usedEventAddress(), usedIndex);
        }
        VarHandle.fullFence();
    }

    @Override
    void refuseCalls() {
        if ((features & EVENT_IDX) != 0) {
            memory.putShort(usedEventAddress(), usedIndex - 1);
        } else {
            memory.putShort(availableFlagsAddress(), 1);
        }
    }
}
