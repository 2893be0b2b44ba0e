package dev.ringside.virtqueue;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver's side of a ring of either layout, as plain as the specification tells it. */
abstract class RingDriver {
    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;

    static final long EVENT_IDX = VirtioSpec.VIRTIO_RING_F_EVENT_IDX;
    static final long INDIRECT_DESC = VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC;
    static final long IN_ORDER = VirtioSpec.VIRTIO_F_IN_ORDER;
    static final long VERSION_1 = VirtioSpec.VIRTIO_F_VERSION_1;

    /** A buffer of a chain. */
    record Buffer(long address, long length, boolean writable) {
        static Buffer readable(long address, long length) {
            return new Buffer(address, length, false);
        }

        static Buffer writable(long address, long length) {
            return new Buffer(address, length, true);
        }
    }

    /** A used buffer. */
    record Used(int head, int length) {}

    final TestMemory memory;
    final int size;
    final long features;

    RingDriver(TestMemory memory, int size, long features) {
        this.memory = memory;
        this.size = size;
        this.features = features;
    }

    abstract RingLayout layout();

    /** The base of a device that has taken and used all that is available. */
    abstract int base();

    /** The device's side of this ring. */
    Virtqueue queue() throws InvalidRingException {
        return queue(base());
    }

    Virtqueue queue(int base) throws InvalidRingException {
        return Virtqueues.create(layout(), base, features, memory.memory());
    }

    /** Whether a device has taken all that is available. */
    abstract boolean allTaken(Virtqueue queue);

    /** First guest address behind the ring. */
    abstract long end();

    abstract int freeDescriptors();

    /** The head of the next chain that is added. */
    abstract int nextHead();

    /** Adds a chain of direct descriptors and makes it available; the caller saw that they fit. */
    abstract int add(List<Buffer> buffers);

    final int add(Buffer... buffers) {
        return add(List.of(buffers));
    }

    /** Adds a chain by an indirect table that is written to {@code table}. */
    abstract int addIndirect(long table, List<Buffer> buffers);

    /** Whether what was added since the last call is to be kicked. */
    abstract boolean shouldKick();

    /** Takes the next used buffer and frees its descriptors; null when there is none. */
    abstract @Nullable Used poll();

    /** Whether a used buffer waits to be taken. */
    abstract boolean usedWaits();

    /** Asks for a call for the next used buffer. The caller looks again afterwards. */
    abstract void wantCalls();

    /** Asks for no calls. */
    abstract void refuseCalls();

    final void putLittleEndian(long address, long value, int bytes) {
        byte[] into = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            into[i] = (byte) (value >>> (Byte.SIZE * i));
        }
        memory.putBytes(address, into);
    }
}
