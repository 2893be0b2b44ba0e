package dev.ringside.virtio.net;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.Virtqueues;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A guest with a split ring and a bump allocator: two adjacent regions, so that buffers can cross
 * from one to the other. Written from the specification (section 2.7).
 */
final class TestDriver implements AutoCloseable {
    static final long REGION_BYTES = 16 << 20;
    private static final long USER = 0x5500_0000_0000L;

    /** What writable buffers hold at first. */
    static final byte OLD = (byte) 0xee;

    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** A piece of a chain. */
    record Buffer(long address, int bytes, boolean writable) {}

    private final List<MemoryRegion> regions = new ArrayList<>();
    private final GuestMemory memory;
    private final int size;
    private final Virtqueue queue;
    private final long available;
    private final long used;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final Map<Integer, List<Integer>> chains = new HashMap<>();
    private final Map<Integer, Integer> done = new HashMap<>();
    private long top;
    private int availableIndex;
    private int usedIndex;

    /** With a ring of so many descriptors. */
    TestDriver(int index, int size, long features) throws LinuxException, InvalidRingException {
        this.size = size;
        for (long at = 0; at < 2 * REGION_BYTES; at += REGION_BYTES) {
            regions.add(
                    MemoryRegion.map(
                            Memfd.create("guest", REGION_BYTES), at, at + USER, REGION_BYTES, 0));
        }
        memory = GuestMemory.of(regions);
        available = 16L * size;
        used = (available + 6 + 2L * size + 3) & -4L;
        reset();
        for (int i = 0; i < size; i++) {
            free.add(i);
        }
        queue =
                Virtqueues.create(
                        new RingLayout(index, size, USER, USER + available, USER + used),
                        0,
                        features,
                        memory);
    }

    Virtqueue queue() {
        return queue;
    }

    GuestMemory memory() {
        return memory;
    }

    /** Forgets all allocations. Nothing may be in flight. */
    void reset() {
        top = (used + 6 + 8L * size + 4095) & -4096L;
    }

    /** Takes bytes at an address that is so far from a multiple of 4096. */
    long allocate(int bytes, int shift) {
        long at = ((top + 4095) & -4096L) + shift;
        top = Math.max(top, at + bytes);
        if (top > 2 * REGION_BYTES) {
            throw new IllegalStateException("the guest's memory is used up");
        }
        return at;
    }

    /** Makes the next allocation lie so far before the border of the regions. */
    void skipToBorder(long before) {
        top = REGION_BYTES - before;
    }

    void put(long address, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            segment(address + i).set(ValueLayout.JAVA_BYTE, offset(address + i), bytes[i]);
        }
    }

    byte[] get(long address, int bytes) {
        byte[] result = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            result[i] = segment(address + i).get(ValueLayout.JAVA_BYTE, offset(address + i));
        }
        return result;
    }

    private MemorySegment segment(long address) {
        return memory.segment(memory.find(address));
    }

    private long offset(long address) {
        return memory.offset(memory.find(address), address);
    }

    private void putShort(long address, int value) {
        segment(address).set(SHORT, offset(address), (short) value);
    }

    /** A readable buffer that holds bytes. */
    Buffer readable(byte[] bytes) {
        long at = allocate(bytes.length, 0);
        put(at, bytes);
        return new Buffer(at, bytes.length, false);
    }

    /** A writable buffer, full of bytes that no device writes. */
    Buffer writable(int bytes) {
        long at = allocate(bytes, 0);
        byte[] old = new byte[bytes];
        Arrays.fill(old, OLD);
        put(at, old);
        return new Buffer(at, bytes, true);
    }

    /** Free descriptors. */
    int room() {
        return free.size();
    }

    /** Makes a chain available and answers its head. */
    int add(List<Buffer> buffers) {
        List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < buffers.size(); i++) {
            taken.add(free.remove());
        }
        for (int i = 0; i < buffers.size(); i++) {
            boolean last = i == buffers.size() - 1;
            describe(16L * taken.get(i), buffers.get(i), last, last ? 0 : taken.get(i + 1));
        }
        chains.put(taken.getFirst(), taken);
        offer(taken.getFirst());
        return taken.getFirst();
    }

    /** The same by an indirect table. */
    int addIndirect(List<Buffer> buffers) {
        long table = allocate(16 * buffers.size(), 0);
        for (int i = 0; i < buffers.size(); i++) {
            boolean last = i == buffers.size() - 1;
            describe(table + 16L * i, buffers.get(i), last, i + 1);
        }
        int head = free.remove();
        writeDescriptor(16L * head, table, 16 * buffers.size(), INDIRECT, 0);
        chains.put(head, List.of(head));
        offer(head);
        return head;
    }

    private void describe(long at, Buffer buffer, boolean last, int next) {
        int flags = (buffer.writable() ? WRITE : 0) | (last ? 0 : NEXT);
        writeDescriptor(at, buffer.address(), buffer.bytes(), flags, last ? 0 : next);
    }

    private void writeDescriptor(long at, long address, int bytes, int flags, int next) {
        segment(at).set(LONG, offset(at), address);
        segment(at).set(INT, offset(at + 8), bytes);
        putShort(at + 12, flags);
        putShort(at + 14, next);
    }

    private void offer(int head) {
        putShort(available + 4 + 2L * (availableIndex % size), head);
        availableIndex = (availableIndex + 1) & 0xffff;
        ValueLayout.JAVA_SHORT
                .varHandle()
                .setRelease(segment(available), offset(available + 2), (short) availableIndex);
    }

    /** Takes the used entries that the device has published. */
    int reap() {
        int count = 0;
        int index = Short.toUnsignedInt(segment(used).get(SHORT, offset(used + 2)));
        while (usedIndex != index) {
            long entry = used + 4 + 8L * (usedIndex % size);
            int head = segment(entry).get(INT, offset(entry));
            done.put(head, segment(entry).get(INT, offset(entry + 4)));
            free.addAll(chains.remove(head));
            usedIndex = (usedIndex + 1) & 0xffff;
            count++;
        }
        return count;
    }

    /** The used length of a head, once; null while it is in flight. */
    @Nullable Integer take(int head) {
        return done.remove(head);
    }

    boolean isDone(int head) {
        return done.containsKey(head);
    }

    @Override
    public void close() {
        regions.forEach(MemoryRegion::close);
    }
}
