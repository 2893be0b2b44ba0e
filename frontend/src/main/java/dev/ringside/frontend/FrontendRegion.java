package dev.ringside.frontend;

import dev.ringside.shm.Fd;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
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
    private final Mapping mapping;

    private FrontendRegion(
            final Fd fd,
            final long guestAddress,
            final long userAddress,
            final long sizeBytes,
            final long mmapOffset,
            final Mapping mapping) {
        this.fd = fd;
        this.guestAddress = guestAddress;
        this.userAddress = userAddress;
        this.sizeBytes = sizeBytes;
        this.mmapOffset = mmapOffset;
        this.mapping = mapping;
    }

    /** The bytes, and what takes the mapping down; it may run twice. */
    private record Mapping(MemorySegment segment, Runnable unmap) {}

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
            final Mapping mapping = map(fd, sizeBytes, mmapOffset);
            return new FrontendRegion(
                    fd, guestAddress, userAddress, sizeBytes, mmapOffset, mapping);
        } catch (IOException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * A region of a fresh memfd that nobody can seal, and that this process may touch after it was
     * cut: it finds zeroes from then on. For drivers that go on while their memory goes away.
     */
    public static FrontendRegion fragile(final long guestAddress, final long sizeBytes)
            throws IOException {
        final Fd fd = Memfd.create("ringside-frontend", sizeBytes);
        try {
            Memfd.seal(fd, Memfd.F_SEAL_SEAL);
            final long userAddress = guestAddress + (1L << 40);
            final MemoryRegion own =
                    MemoryRegion.map(fd.duplicate(), guestAddress, userAddress, sizeBytes, 0);
            final Mapping mapping = new Mapping(own.segment(), own::close);
            return new FrontendRegion(fd, guestAddress, userAddress, sizeBytes, 0, mapping);
        } catch (IOException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static Mapping map(final Fd fd, final long sizeBytes, final long mmapOffset)
            throws IOException {
        final Arena arena = Arena.ofShared();
        try (FileChannel file = reopen(fd)) {
            return new Mapping(
                    file.map(MapMode.READ_WRITE, mmapOffset, sizeBytes, arena), () -> close(arena));
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static void close(final Arena arena) {
        if (arena.scope().isAlive()) {
            arena.close();
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
     * beyond that size afterwards: this process has no guard for it, unless the region is {@link
     * #fragile}.
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
        return mapping.segment;
    }

    /** Whether the region holds {@code length} bytes from a guest address on. */
    public boolean contains(final long address, final long length) {
        final long offset = address - guestAddress;
        return offset >= 0 && offset <= sizeBytes && length <= sizeBytes - offset;
    }

    /** Unmaps the memory and closes the file. */
    @Override
    public void close() {
        mapping.unmap.run();
        fd.close();
    }
}
