package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Guest memory for tests: two adjacent regions, a hole, and a third region. User addresses differ
 * from guest addresses, and the regions lie in the files' order reversed.
 */
final class TestMemory implements AutoCloseable {
    static final long LOW = 0x10_0000L;
    static final long LOW_BYTES = 0x20_0000L;
    static final long MIDDLE = LOW + LOW_BYTES;
    static final long MIDDLE_BYTES = 0x1_0000L;
    static final long HOLE = MIDDLE + MIDDLE_BYTES;
    static final long HIGH = 0x1_0000_0000L;
    static final long HIGH_BYTES = 0x10_0000L;
    static final long USER_SHIFT = 0x7f00_0000_0000L;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final List<MemoryRegion> regions = new ArrayList<>();
    private final GuestMemory memory;

    TestMemory() throws LinuxException {
        regions.add(region(HIGH, HIGH_BYTES));
        regions.add(region(MIDDLE, MIDDLE_BYTES));
        regions.add(region(LOW, LOW_BYTES));
        memory = GuestMemory.of(regions);
    }

    private static MemoryRegion region(long guestAddress, long bytes) throws LinuxException {
        return MemoryRegion.map(
                Memfd.create("ringside-test", bytes),
                guestAddress,
                guestAddress + USER_SHIFT,
                bytes,
                0);
    }

    GuestMemory memory() {
        return memory;
    }

    /** The same memory without the region that begins at an address. */
    GuestMemory without(long guestAddress) {
        List<MemoryRegion> rest = new ArrayList<>(regions);
        rest.removeIf(region -> region.guestAddress() == guestAddress);
        return GuestMemory.of(rest);
    }

    static long user(long guestAddress) {
        return guestAddress + USER_SHIFT;
    }

    /** The region of an address and, with {@link #offset}, the place in it. */
    MemorySegment segment(long address) {
        return memory.segment(memory.find(address));
    }

    long offset(long address) {
        return memory.offset(memory.find(address), address);
    }

    int getShort(long address) {
        return Short.toUnsignedInt(segment(address).get(SHORT, offset(address)));
    }

    void putShort(long address, int value) {
        segment(address).set(SHORT, offset(address), (short) value);
    }

    int getInt(long address) {
        return segment(address).get(INT, offset(address));
    }

    void putInt(long address, int value) {
        segment(address).set(INT, offset(address), value);
    }

    void putLong(long address, long value) {
        segment(address).set(LONG, offset(address), value);
    }

    byte getByte(long address) {
        return segment(address).get(ValueLayout.JAVA_BYTE, offset(address));
    }

    void putByte(long address, int value) {
        segment(address).set(ValueLayout.JAVA_BYTE, offset(address), (byte) value);
    }

    /** Byte by byte: the range may cross regions. */
    void putBytes(long address, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            putByte(address + i, bytes[i]);
        }
    }

    byte[] getBytes(long address, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = getByte(address + i);
        }
        return bytes;
    }

    @Override
    public void close() {
        regions.forEach(MemoryRegion::close);
    }
}
