package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A range of I/O virtual addresses whose pages lie apart in guest memory, mapped once more side by
 * side: so a ring is one segment although an IOMMU scattered it. Any thread may read and write it;
 * closing it under a reader gives that reader an {@link IllegalStateException}.
 */
public final class MemoryWindow implements AutoCloseable {
    private final long first;
    private final long length;
    private final int access;
    private final List<Iotlb.Piece> pieces;
    private final long mappingAddress;
    private final long mappingBytes;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final @Nullable FaultGuard guard;
    private final int guardSlot;
    private volatile boolean closed;

    private MemoryWindow(
            long first,
            int access,
            List<Iotlb.Piece> pieces,
            long mappingAddress,
            long mappingBytes,
            long lead)
            throws LinuxException {
        this.first = first;
        this.access = access;
        this.pieces = List.copyOf(pieces);
        this.mappingAddress = mappingAddress;
        this.mappingBytes = mappingBytes;
        length = pieces.stream().mapToLong(Iotlb.Piece::bytes).sum();
        guard = FaultGuard.instance();
        guardSlot = guard == null ? -1 : guard.register(mappingAddress, mappingBytes);
        segment = MemorySegment.ofAddress(mappingAddress + lead).reinterpret(length, arena, null);
    }

    /**
     * Maps the pieces side by side.
     *
     * @param first I/O virtual address of the first byte
     * @param access what a device may do there
     * @param pieces where the range lies, in order; the memory stays mapped there too
     * @throws LinuxException EINVAL when a piece ends or begins within a page, or lies within a
     *     huge page; else what the system says
     */
    public static MemoryWindow map(long first, int access, List<Iotlb.Piece> pieces)
            throws LinuxException {
        String call = "map ring at iova 0x" + Long.toHexString(first);
        long lead = pieces.getFirst().hostAddress() % Iotlb.PAGE_BYTES;
        long total = lead + pieces.stream().mapToLong(Iotlb.Piece::bytes).sum();
        long bytes = (total + Iotlb.PAGE_BYTES - 1) & -Iotlb.PAGE_BYTES;
        long address =
                LinuxException.check(
                        Libc.mmap(
                                0,
                                bytes,
                                Libc.PROT_NONE,
                                Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE,
                                -1,
                                0),
                        call);
        try {
            mapPieces(call, address + lead, pieces);
            return new MemoryWindow(first, access, pieces, address, bytes, lead);
        } catch (LinuxException e) {
            Libc.munmap(address, bytes);
            throw e;
        }
    }

    private static void mapPieces(String call, long at, List<Iotlb.Piece> pieces)
            throws LinuxException {
        long next = at;
        for (Iotlb.Piece piece : pieces) {
            if ((next ^ piece.hostAddress()) % Iotlb.PAGE_BYTES != 0) {
                throw new LinuxException(call, Errno.EINVAL, "it is cut within a page");
            }
            long lead = next % Iotlb.PAGE_BYTES;
            long bytes = (lead + piece.bytes() + Iotlb.PAGE_BYTES - 1) & -Iotlb.PAGE_BYTES;
            LinuxException.check(
                    Libc.mapAgain(piece.hostAddress() - lead, bytes, next - lead), call);
            next += piece.bytes();
        }
    }

    /** Whether it is of these pieces, for this access at least. */
    public boolean shows(long otherFirst, int otherAccess, List<Iotlb.Piece> others) {
        return first == otherFirst
                && (access & otherAccess) == otherAccess
                && pieces.equals(others);
    }

    @Nullable MemorySegment slice(long address, long bytes, int wanted) {
        long offset = address - first;
        return offset < 0
                        || offset > length
                        || bytes > length - offset
                        || (access & wanted) != wanted
                ? null
                : segment.asSlice(offset, bytes);
    }

    boolean holds(long hostAddress) {
        long offset = hostAddress - segment.address();
        return offset >= 0 && offset < length;
    }

    /** Where in this process a byte that the window holds lies by itself. */
    long original(long hostAddress) {
        long offset = hostAddress - segment.address();
        int i = 0;
        while (offset >= pieces.get(i).bytes()) {
            offset -= pieces.get(i).bytes();
            i++;
        }
        return pieces.get(i).hostAddress() + offset;
    }

    boolean poisoned() {
        return guard != null && !closed && guard.poisoned(guardSlot);
    }

    /** Ends the segment and unmaps. Does nothing the second time. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        // First: from here on no thread is within an access, so none can be in the fault handler.
        arena.close();
        closed = true;
        if (guard != null) {
            guard.unregister(guardSlot);
        }
        Libc.munmap(mappingAddress, mappingBytes);
    }
}
