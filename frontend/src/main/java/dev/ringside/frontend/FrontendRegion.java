package dev.ringside.frontend;

import dev.ringside.shm.Fd;
import dev.ringside.shm.Memfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One region of the memory that a front-end shares: a file, where its bytes appear in guest
 * physical and in user address space, and this process's own mapping of it.
 *
 * <p>Addresses are whatever the caller says: the user address need not be where the memory really
 * is, for the back-end uses it only to compute with. Any thread may read and write the mapping;
 * {@link #close} belongs to the owner.
 */
public final class FrontendRegion implements AutoCloseable {
    private final Fd fd;
    private final long guestAddress;
    private final long userAddress;
    private final long sizeBytes;
    private final long mmapOffset;
    private final Arena arena;
    private final MemorySegment segment;

    private FrontendRegion(
            final Fd fd,
            final long guestAddress,
            final long userAddress,
            final long sizeBytes,
            final long mmapOffset)
            throws IOException {
        this.fd = fd;
        this.guestAddress = guestAddress;
        this.userAddress = userAddress;
        this.sizeBytes = sizeBytes;
        this.mmapOffset = mmapOffset;
        this.arena = Arena.ofShared();
        try (FileChannel file = reopen(fd)) {
            this.segment = file.map(MapMode.READ_WRITE, mmapOffset, sizeBytes, arena);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** A region of a fresh memfd; the user address is the guest address plus {@code 1 << 40}. */
    public static FrontendRegion create(final long guestAddress, final long sizeBytes)
            throws IOException {
        return create(guestAddress, guestAddress + (1L << 40), sizeBytes, 0);
    }

    /**
     * A region of a fresh memfd that is {@code mmapOffset} bytes longer than the region.
     *
     * @throws IOException when the system has no memory or refuses the addresses
     */
    public static FrontendRegion create(
            final long guestAddress,
            final long userAddress,
            final long sizeBytes,
            final long mmapOffset)
            throws IOException {
        final Fd fd = Memfd.create("ringside-frontend", mmapOffset + sizeBytes);
        return of(fd, guestAddress, userAddress, sizeBytes, mmapOffset);
    }

    /** A region of huge pages of {@code hugePageBytes}; the system must have reserved them. */
    public static FrontendRegion createHuge(
            final long guestAddress, final long sizeBytes, final long hugePageBytes)
            throws IOException {
        final Fd fd = Memfd.createHuge("ringside-frontend", sizeBytes, hugePageBytes);
        return of(fd, guestAddress, guestAddress + (1L << 40), sizeBytes, 0);
    }

    /**
     * A region of any file that can be mapped.
     *
     * @param fd consumed, also when this method throws
     */
    public static FrontendRegion of(
            final Fd fd,
            final long guestAddress,
            final long userAddress,
            final long sizeBytes,
            final long mmapOffset)
            throws IOException {
        try {
            return new FrontendRegion(fd, guestAddress, userAddress, sizeBytes, mmapOffset);
        } catch (IOException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    // Mapping by the JDK's own channel keeps this module free of restricted methods, and it leaves
    // no fault guard on the front-end's side that could hide what the back-end's guard has to do.
    private static FileChannel reopen(final Fd fd) throws IOException {
        return FileChannel.open(
                Path.of("/proc/self/fd/" + fd.number()),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    /**
     * Cuts the file to {@code bytes}, as a hostile front-end would. Do not touch {@link #segment}
     * beyond that size afterwards: this process has no guard for it.
     */
    public void truncate(final long bytes) throws IOException {
        Memfd.truncate(fd, bytes);
    }

    /** The file, still owned by this region. */
    public Fd fd() {
        return fd;
    }

    /** Where the region begins in guest physical address space. */
    public long guestAddress() {
        return guestAddress;
    }

    /** Where the region begins in the user address space that ring addresses refer to. */
    public long userAddress() {
        return userAddress;
    }

    /** The region's length. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Where the region begins in its file. */
    public long mmapOffset() {
        return mmapOffset;
    }

    /** This process's mapping of the region. */
    public MemorySegment segment() {
        return segment;
    }

    /** Whether the region holds {@code length} bytes from a guest address on. */
    public boolean contains(final long address, final long length) {
        final long offset = address - guestAddress;
        return offset >= 0 && offset <= sizeBytes && length <= sizeBytes - offset;
    }

    /** Unmaps the memory and closes the file. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
        fd.close();
    }
}
