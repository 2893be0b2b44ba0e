package dev.ringside.virtqueue;

import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * Memory in which the queues of a device note what they have taken and not given back (vhost-user,
 * Inflight I/O tracking). The front-end holds on to it while back-ends come and go.
 *
 * <p>The front-end shares it, so nothing in it is trusted: not its size, which it may cut, and not
 * its content. Any thread; each queue's part belongs to that queue, the note to the conductor.
 */
public final class InflightRegion implements AutoCloseable {
    private static final VarHandle WORD =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final Fd fd;
    private final MemoryRegion mapping;
    private final long offset;
    private final int queues;
    private final int queueSize;
    private final BitSet ended = new BitSet();

    /** Whether a Ringside made it, with room for a note. */
    private final boolean notes;

    private InflightRegion(Fd fd, MemoryRegion mapping, long offset, int queues, int queueSize) {
        this.fd = fd;
        this.mapping = mapping;
        this.offset = offset;
        this.queues = queues;
        this.queueSize = queueSize;
        notes = hasRoom() && (int) (word() >>> Integer.SIZE) == InflightSpec.NOTE_MAGIC;
    }

    /** Least size of a region in bytes. */
    public static long sizeBytes(int queues, int queueSize, boolean packed) {
        return queues * queueBytes(queueSize, packed);
    }

    private static long queueBytes(int queueSize, boolean packed) {
        long bytes =
                packed
                        ? InflightSpec.PACKED_DESC
                                + (long) InflightSpec.PACKED_DESC_BYTES * queueSize
                        : InflightSpec.SPLIT_DESC
                                + (long) InflightSpec.SPLIT_DESC_BYTES * queueSize;
        return (bytes + InflightSpec.QUEUE_ALIGN - 1) & -InflightSpec.QUEUE_ALIGN;
    }

    /**
     * A new region that nobody has used: a memfd of zeroes, but for an empty {@link #note}.
     *
     * @param queues 1 to 65535
     * @param queueSize the most entries that one of them has, 1 to 65535
     * @param packed whether it is for packed rings
     */
    public static InflightRegion create(int queues, int queueSize, boolean packed)
            throws LinuxException {
        long bytes = sizeBytes(queues, queueSize, packed) + InflightSpec.NOTE_BYTES;
        try (Fd file = Memfd.create("ringside-inflight", bytes)) {
            try (InflightRegion bare = map(file.duplicate(), bytes, 0, queues, queueSize)) {
                bare.write(0);
            }
            return map(file.duplicate(), bytes, 0, queues, queueSize);
        }
    }

    /**
     * Maps a region that a front-end has kept: any file that can be mapped.
     *
     * @param fd always consumed
     * @param sizeBytes of the region
     * @param offset where in the file it begins, a multiple of 8
     * @param queues how many it is for
     * @param queueSize the most entries that one of them has
     * @throws LinuxException as {@link MemoryRegion#map} says
     */
    public static InflightRegion map(Fd fd, long sizeBytes, long offset, int queues, int queueSize)
            throws LinuxException {
        try (fd) {
            if (offset % Long.BYTES != 0) {
                throw new LinuxException(
                        "map in-flight region at " + offset,
                        Errno.EINVAL,
                        "its offset must be a multiple of 8");
            }
            Fd kept = fd.duplicate();
            try {
                // Nobody addresses it: any addresses do that are aligned like the offset.
                MemoryRegion mapping = MemoryRegion.map(fd, offset, offset, sizeBytes, offset);
                return new InflightRegion(kept, mapping, offset, queues, queueSize);
            } catch (LinuxException e) {
                kept.close();
                throw e;
            }
        }
    }

    /** The file; stays this object's. */
    public Fd fd() {
        return fd;
    }

    /** Size in bytes. */
    public long sizeBytes() {
        return mapping.sizeBytes();
    }

    /** Where in the file it begins. */
    public long offset() {
        return offset;
    }

    /** How many queues it is for. */
    public int queues() {
        return queues;
    }

    /** The most entries that a queue may have. */
    public int queueSize() {
        return queueSize;
    }

    /**
     * A queue was stopped and has nothing in flight. If it is started again while this object is in
     * use, the front-end knows where: what is noted about the place is history. Conductor's thread.
     */
    public void ended(int queue) {
        ended.set(queue);
    }

    boolean hasEnded(int queue) {
        return ended.get(queue);
    }

    /** Whether the region has a part for a queue. */
    public boolean covers(int queue) {
        return queue < queues;
    }

    /**
     * A queue's part of the region.
     *
     * @param queue one that it {@link #covers}
     * @param size the ring's
     * @throws InvalidRingException when the region is not made for such a ring
     */
    MemorySegment part(int queue, int size, boolean packed) throws InvalidRingException {
        if (size > queueSize) {
            throw new InvalidRingException(
                    "queue %d: the ring has %d entries, the in-flight region is for %d"
                            .formatted(queue, size, queueSize));
        }
        long bytes = queueBytes(queueSize, packed);
        long start = queue * bytes;
        if (bytes > sizeBytes() || start > sizeBytes() - bytes) {
            throw new InvalidRingException(
                    "queue %d: the in-flight region has %d bytes, %d %s rings of %d need %d"
                            .formatted(
                                    queue,
                                    sizeBytes(),
                                    queues,
                                    packed ? "packed" : "split",
                                    queueSize,
                                    sizeBytes(queues, queueSize, packed)));
        }
        return mapping.segment().asSlice(start, bytes);
    }

    /**
     * Notes what the driver chose in the configuration space ({@link
     * dev.ringside.virtqueue.device.VirtioDevice#choices}), for the process that comes after this
     * one. Does nothing where there is no room: another back-end made the region, or an older
     * Ringside.
     *
     * @param choices 0 to 255; 0: not known
     */
    public void note(int choices) {
        if (notes && noted() != choices) {
            write(choices);
        }
    }

    /** What was noted, by this process or another; 0: nothing that is known here. */
    public int noted() {
        long word = notes ? word() : 0;
        int choices = (int) word & 0xff;
        return word == encode(choices) ? choices : 0;
    }

    private boolean hasRoom() {
        return sizeBytes() >= InflightSpec.NOTE_BYTES && sizeBytes() % Long.BYTES == 0;
    }

    private long word() {
        return (long) WORD.getAcquire(mapping.segment(), sizeBytes() - InflightSpec.NOTE_BYTES);
    }

    // One store: whoever dies leaves the note before or this one.
    private void write(int choices) {
        WORD.setRelease(mapping.segment(), sizeBytes() - InflightSpec.NOTE_BYTES, encode(choices));
    }

    private static long encode(int choices) {
        int known = InflightSpec.NOTE_VERSION << Byte.SIZE | choices;
        return (long) InflightSpec.NOTE_MAGIC << Integer.SIZE
                | (~known & 0xffffL) << Short.SIZE
                | known;
    }

    /** Whether the front-end took the memory away: as {@link MemoryRegion#poisoned}. */
    public boolean poisoned() {
        return mapping.poisoned();
    }

    /** Unmaps it; no queue uses it any more. The file lives on where the front-end holds it. */
    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}
