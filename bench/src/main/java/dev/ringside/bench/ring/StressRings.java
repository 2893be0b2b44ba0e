package dev.ringside.bench.ring;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.InvalidRingException;
import dev.ringside.virtqueue.PackedVirtqueue;
import dev.ringside.virtqueue.SplitVirtqueue;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/** Rings of one descriptor or two for jcstress, which wants a fresh one for every try. */
final class StressRings {
    private static final int SLOT_BYTES = 128;
    private static final long REGION_BYTES = 256L << 20;
    private static final long SLOTS = REGION_BYTES / SLOT_BYTES;
    private static final AtomicLong NEXT = new AtomicLong();
    private static final GuestMemory MEMORY = map();

    private StressRings() {}

    private static GuestMemory map() {
        try {
            return RingMemory.regions(1, REGION_BYTES);
        } catch (LinuxException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A zeroed ring; used again only after two million others. */
    static RingMemory ring() {
        long slot = NEXT.getAndIncrement() % SLOTS;
        RingMemory ring = new RingMemory(MEMORY, slot * SLOT_BYTES, 1);
        ring.descriptor(0, MEMORY.regions().getFirst().guestAddress(), 1, RingMemory.WRITE, 0);
        return ring;
    }

    static SplitVirtqueue queue(RingMemory ring, long features) {
        try {
            return ring.queue(features);
        } catch (InvalidRingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A zeroed packed ring of two descriptors; used again only after two million others. */
    static PackedRingMemory packedRing() {
        long slot = NEXT.getAndIncrement() % SLOTS;
        PackedRingMemory ring = new PackedRingMemory(MEMORY, slot * SLOT_BYTES, 2);
        long buffer = buffer();
        ring.descriptor(0, buffer, 1, 0);
        ring.descriptor(1, buffer, 1, 1);
        return ring;
    }

    static PackedVirtqueue queue(PackedRingMemory ring, long features) {
        try {
            return ring.queue(features);
        } catch (InvalidRingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Guest address of a buffer. */
    static long buffer() {
        return MEMORY.regions().getFirst().guestAddress();
    }

    static void driverFence() {
        VarHandle.fullFence();
    }
}
