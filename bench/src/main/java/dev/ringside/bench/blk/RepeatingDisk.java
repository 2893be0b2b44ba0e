package dev.ringside.bench.blk;

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
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * The memory and the driver of one disk: the same reads of 4 KiB are made available again and
 * again, by one store a burst. Little-endian host; user addresses equal guest addresses.
 */
public final class RepeatingDisk {
    /** Requests that the driver has. */
    static final int DEPTH = 16;

    /** Where a request's header and status are. */
    public enum Place {
        /** At the beginning of its buffer, so that all are in the same few sets of the caches. */
        PAGES,
        /** All together, 128 bytes each. */
        TOGETHER
    }

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final int SIZE = 128;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final long DRIVER_AREA = 16L * SIZE;
    private static final long DEVICE_AREA = 4096;
    private static final long CONTROL_AREA = 8192;
    private static final int CONTROL_BYTES = 128;
    private static final int STATUS = 64;
    private static final int HEADER_BYTES = 16;
    private static final int DATA_BYTES = 4096;
    private static final long BYTES = 1 << 20;
    private static final long SLOT_BYTES = 2 * DATA_BYTES;
    private static final long SLOT_AREA = SLOT_BYTES * DEPTH;

    private final GuestMemory memory;
    private final MemorySegment segment;
    private int available;

    RepeatingDisk(final Place place) throws LinuxException {
        memory = GuestMemory.of(List.of(region(BYTES), region(4 * BYTES)));
        segment = memory.regions().getFirst().segment();
        for (int i = 0; i < DEPTH; i++) {
            final long slot = BYTES + SLOT_AREA + SLOT_BYTES * i;
            final long control =
                    place == Place.PAGES ? slot : BYTES + CONTROL_AREA + (long) CONTROL_BYTES * i;
            describe(3 * i, control, HEADER_BYTES, NEXT);
            describe(3 * i + 1, slot + DATA_BYTES, DATA_BYTES, NEXT | WRITE);
            describe(3 * i + 2, control + STATUS, 1, WRITE);
        }
        for (int i = 0; i < SIZE; i++) {
            segment.set(
                    ValueLayout.JAVA_SHORT, DRIVER_AREA + 4 + 2L * i, (short) (3 * (i % DEPTH)));
        }
    }

    private static MemoryRegion region(final long start) throws LinuxException {
        return MemoryRegion.map(Memfd.create("bench", BYTES), start, start, BYTES, 0);
    }

    private void describe(final int index, final long address, final int bytes, final int flags) {
        segment.set(ValueLayout.JAVA_LONG, 16L * index, address);
        segment.set(ValueLayout.JAVA_INT, 16L * index + 8, bytes);
        segment.set(ValueLayout.JAVA_SHORT, 16L * index + 12, (short) flags);
        segment.set(ValueLayout.JAVA_SHORT, 16L * index + 14, (short) (index + 1));
    }

    /** The device's side of its queue. */
    Virtqueue queue(final long features) throws InvalidRingException {
        final RingLayout layout =
                new RingLayout(0, SIZE, BYTES, BYTES + DRIVER_AREA, BYTES + DEVICE_AREA);
        return Virtqueues.create(layout, Virtqueues.startBase(features), features, memory);
    }

    /** Makes so many requests available: up to {@link #DEPTH}, all before them are used. */
    void offer(final int requests) {
        available += requests;
        SHORT.setRelease(segment, DRIVER_AREA + 2, (short) available);
    }
}
