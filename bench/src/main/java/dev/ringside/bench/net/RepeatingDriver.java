package dev.ringside.bench.net;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.RingLayout;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.Virtqueues;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A driver that makes the same chains of one descriptor available again and again, as cheaply as
 * the ring allows. Little-endian host; user addresses equal guest addresses.
 */
abstract sealed class RepeatingDriver {
    /** Queue Size. */
    static final int SIZE = 256;

    /** Bytes that a driver needs for its ring and its buffers. */
    static final long BYTES = 1 << 16;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final int WRITE = 2;

    private static final long DRIVER_AREA = 16L * SIZE;
    private static final long DEVICE_AREA = DRIVER_AREA + 1024;

    /** Few, so that they stay in the cache. */
    private static final int BUFFERS = 64;

    private static final long BUFFER_AREA = 1 << 15;

    final MemorySegment segment;
    private final GuestMemory memory;
    private final long address;

    private RepeatingDriver(GuestMemory memory, long offset) {
        this.memory = memory;
        MemoryRegion region = memory.regions().getFirst();
        segment = region.segment().asSlice(offset, BYTES);
        address = region.guestAddress() + offset;
    }

    /**
     * A driver in the first region.
     *
     * @param offset where its {@link #BYTES} bytes begin
     * @param bufferBytes length of each buffer
     */
    static RepeatingDriver of(
            long features, GuestMemory memory, long offset, int bufferBytes, boolean writable) {
        int flags = writable ? WRITE : 0;
        return Virtqueues.isPacked(features)
                ? new Packed(memory, offset, bufferBytes, flags)
                : new Split(memory, offset, bufferBytes, flags);
    }

    /** The device's side of it. */
    Virtqueue queue(int index, long features) throws InvalidRingException {
        RingLayout layout =
                new RingLayout(index, SIZE, address, address + DRIVER_AREA, address + DEVICE_AREA);
        return Virtqueues.create(layout, Virtqueues.startBase(features), features, memory);
    }

    /** Makes so many chains available: a divisor of {@link #SIZE}, all before them are used. */
    abstract void offer(int chains);

    /** Everything of a descriptor but what split and packed rings keep in its last four bytes. */
    final void describe(MemorySegment table, int slot, int bufferBytes) {
        long buffer = address + BUFFER_AREA + (BUFFER_AREA / BUFFERS) * (slot % BUFFERS);
        table.set(ValueLayout.JAVA_LONG, 16L * slot, buffer);
        table.set(ValueLayout.JAVA_INT, 16L * slot + 8, bufferBytes);
    }

    /** Stores the available index; ring and descriptors stay as they are. */
    private static final class Split extends RepeatingDriver {
        private int available;

        Split(GuestMemory memory, long offset, int bufferBytes, int flags) {
            super(memory, offset);
            for (int slot = 0; slot < SIZE; slot++) {
                describe(segment, slot, bufferBytes);
                segment.set(ValueLayout.JAVA_SHORT, 16L * slot + 12, (short) flags);
                segment.set(ValueLayout.JAVA_SHORT, DRIVER_AREA + 4 + 2L * slot, (short) slot);
            }
        }

        @Override
        void offer(int chains) {
            available += chains;
            SHORT.setRelease(segment, DRIVER_AREA + 2, (short) available);
        }
    }

    /** Copies descriptors over the used ones, as many at once. */
    private static final class Packed extends RepeatingDriver {
        private static final int AVAIL = 1 << 7;
        private static final int USED = 1 << 15;

        /** The ring as it is filled in odd rounds and in even ones. */
        private final MemorySegment[] images = {image(), image()};

        private int next;
        private int round;

        Packed(GuestMemory memory, long offset, int bufferBytes, int flags) {
            super(memory, offset);
            for (int i = 0; i < images.length; i++) {
                int available = i == 0 ? AVAIL : USED;
                for (int slot = 0; slot < SIZE; slot++) {
                    describe(images[i], slot, bufferBytes);
                    images[i].set(ValueLayout.JAVA_SHORT, 16L * slot + 12, (short) slot);
                    images[i].set(
                            ValueLayout.JAVA_SHORT, 16L * slot + 14, (short) (flags | available));
                }
            }
        }

        private static MemorySegment image() {
            return MemorySegment.ofArray(new long[2 * SIZE]);
        }

        @Override
        void offer(int chains) {
            MemorySegment.copy(images[round], 16L * next, segment, 16L * next, 16L * chains);
            next += chains;
            if (next == SIZE) {
                next = 0;
                round ^= 1;
            }
        }
    }
}
