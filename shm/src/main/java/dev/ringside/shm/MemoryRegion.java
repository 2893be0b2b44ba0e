package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One memory region of a front-end, mapped into this process (vhost-user, "Memory region
 * description"). Maps on creation, unmaps on close. Any thread may read and write the segment;
 * closing it under a reader gives that reader an {@link IllegalStateException}.
 *
 * <p>The front-end shares this memory and the file behind it: contents change at any time.
 */
public final class MemoryRegion implements AutoCloseable {
    // Atomic access to ring fields needs addresses as aligned here as they are in the guest.
    private static final long PAGE_BYTES = 4096;

    private final Fd fd;
    private final long guestAddress;
    private final long userAddress;
    private final long sizeBytes;
    private final long mmapOffset;
    private final long mappingAddress;
    private final long mappingBytes;
    private final long hostAddress;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final @Nullable FaultGuard guard;
    private final int guardSlot;
    private volatile boolean closed;
    private volatile boolean poisonedWhenClosed;

    private MemoryRegion(
            Fd fd,
            long guestAddress,
            long userAddress,
            long sizeBytes,
            long mmapOffset,
            Mapping mapping,
            @Nullable FaultGuard guard)
            throws LinuxException {
        this.fd = fd;
        this.guestAddress = guestAddress;
        this.userAddress = userAddress;
        this.sizeBytes = sizeBytes;
        this.mmapOffset = mmapOffset;
        this.mappingAddress = mapping.address;
        this.mappingBytes = mapping.bytes;
        this.hostAddress = mapping.address + mapping.lead;
        this.guard = guard;
        this.guardSlot = guard == null ? -1 : guard.register(mapping.address, mapping.bytes);
        this.segment = MemorySegment.ofAddress(hostAddress).reinterpret(sizeBytes, arena, null);
    }

    /** Where a file was mapped; {@code lead} bytes lie before the region's first byte. */
    private record Mapping(long address, long bytes, long lead) {}

    /**
     * Maps a region.
     *
     * @param fd consumed: it becomes the region's, and is closed when this method throws
     * @param guestAddress guest physical address of the first byte, unsigned
     * @param userAddress address of the first byte in the front-end's process, unsigned
     * @param sizeBytes size, more than 0
     * @param mmapOffset where in the file the region starts
     * @throws LinuxException EINVAL, with text, for a region that wraps or is empty, that is not
     *     equally aligned (to 4 KiB) in all three address spaces, or that its file does not cover
     *     or cannot serve without stalls; else what mmap says
     */
    public static MemoryRegion map(
            Fd fd, long guestAddress, long userAddress, long sizeBytes, long mmapOffset)
            throws LinuxException {
        try {
            String call = describe(guestAddress, userAddress, sizeBytes, mmapOffset);
            checkAddresses(call, guestAddress, userAddress, sizeBytes, mmapOffset);
            Statx file = Statx.known(fd);
            checkFile(call, file, sizeBytes, mmapOffset);
            checkFileSystem(call, fd, file);
            // Where it is allowed the front-end cannot take the memory away any more.
            Libc.fcntl(fd.number(), Memfd.F_ADD_SEALS, Memfd.F_SEAL_SHRINK);
            FaultGuard guard = FaultGuard.instance();
            Mapping mapping = map(call, fd, file, sizeBytes, mmapOffset);
            try {
                return new MemoryRegion(
                        fd, guestAddress, userAddress, sizeBytes, mmapOffset, mapping, guard);
            } catch (LinuxException e) {
                Libc.munmap(mapping.address, mapping.bytes);
                throw e;
            }
        } catch (LinuxException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static String describe(long guest, long user, long size, long offset) {
        return "map region guest "
                + hex(guest)
                + " user "
                + hex(user)
                + " size "
                + hex(size)
                + " mmap offset "
                + hex(offset);
    }

    private static void checkAddresses(String call, long guest, long user, long size, long offset)
            throws LinuxException {
        if (size <= 0) {
            throw new LinuxException(call, Errno.EINVAL, "the size must be 1 to 2^63-1");
        }
        if (wraps(guest, size) || wraps(user, size)) {
            throw new LinuxException(call, Errno.EINVAL, "the region ends beyond 2^64");
        }
        if (offset < 0 || size > Long.MAX_VALUE - offset) {
            throw new LinuxException(call, Errno.EINVAL, "the file range ends beyond 2^63");
        }
        if (((guest ^ user) | (guest ^ offset)) % PAGE_BYTES != 0) {
            throw new LinuxException(
                    call,
                    Errno.EINVAL,
                    "both addresses and the mmap offset must be equally aligned to 4 KiB");
        }
    }

    /** Whether the last byte lies beyond 2^64; a region may end exactly there. */
    private static boolean wraps(long address, long size) {
        return Long.compareUnsigned(address + (size - 1), address) < 0;
    }

    private static void checkFile(String call, Statx file, long size, long offset)
            throws LinuxException {
        if (file.isRegularFile()) {
            if (size > file.sizeBytes() || offset > file.sizeBytes() - size) {
                throw new LinuxException(
                        call,
                        Errno.EINVAL,
                        "its file has only " + hex(file.sizeBytes()) + " bytes");
            }
        } else if (!file.isCharacterDevice()) {
            throw new LinuxException(
                    call,
                    Errno.EINVAL,
                    "its file is neither a regular file nor a character device (mode "
                            + Integer.toOctalString(file.mode())
                            + ")");
        }
    }

    private static void checkFileSystem(String call, Fd fd, Statx file) throws LinuxException {
        if (FileSystemType.canStall(fd, file)) {
            throw new LinuxException(
                    call,
                    Errno.EINVAL,
                    "its file lies on FUSE, on a network, or on a file system that is not mounted"
                            + " here, where a page fault may wait for ever; use a memfd, hugetlbfs,"
                            + " or a file on a local file system");
        }
    }

    private static Mapping map(String call, Fd fd, Statx file, long size, long offset)
            throws LinuxException {
        // Huge page files are mapped and unmapped in whole huge pages, which are their blocks.
        long unit = Math.max(PAGE_BYTES, Integer.highestOneBit(file.blockSizeBytes()));
        long start = offset & -unit;
        long lead = offset - start;
        if (size > Long.MAX_VALUE - lead - unit) {
            throw new LinuxException(call, Errno.EINVAL, "the size cannot be mapped");
        }
        long bytes = (lead + size + unit - 1) & -unit;
        long address =
                LinuxException.check(
                        Libc.mmap(
                                0,
                                bytes,
                                Libc.PROT_READ | Libc.PROT_WRITE,
                                Libc.MAP_SHARED | Libc.MAP_NORESERVE,
                                fd.number(),
                                start),
                        call);
        // A core dump of ours shall not hold the guest's memory.
        int advised = Libc.madvise(address, bytes, Libc.MADV_DONTDUMP);
        if (advised < 0) {
            Libc.munmap(address, bytes);
            throw new LinuxException(call + ": madvise MADV_DONTDUMP", -advised);
        }
        return new Mapping(address, bytes, lead);
    }

    /** Guest physical address of the first byte, unsigned. */
    public long guestAddress() {
        return guestAddress;
    }

    /** Address of the first byte in the front-end's process, unsigned. */
    public long userAddress() {
        return userAddress;
    }

    /** Size in bytes, more than 0. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Where in the file the region starts. */
    public long mmapOffset() {
        return mmapOffset;
    }

    /**
     * The file, still owned by this object: kept so that another process can be given the memory.
     */
    public Fd fd() {
        return fd;
    }

    /** Address of the first byte in this process, for system calls; valid until closed. */
    public long hostAddress() {
        return hostAddress;
    }

    /** The region's memory; its arena is shared and ends with {@link #close}. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * The region, and what lies around it in the mapping as far as the next boundary on each side,
     * so that all of it can be accessed in aligned words.
     *
     * @param unitBytes bytes of a word: a power of two, at most a page
     */
    MemorySegment inWholeWords(int unitBytes) {
        long start = hostAddress & -unitBytes;
        long end = (hostAddress + sizeBytes + unitBytes - 1) & -unitBytes;
        return MemorySegment.ofAddress(start).reinterpret(end - start, arena, null);
    }

    /**
     * Whether the front-end took memory away from under us: since then this region is private
     * zeroes here, and the session must end. Data path: one load.
     */
    public boolean poisoned() {
        if (guard == null) {
            return false;
        }
        return closed ? poisonedWhenClosed : guard.poisoned(guardSlot);
    }

    /**
     * Ends the segment, unmaps and closes the file. Nobody may use {@link #hostAddress} any more:
     * no host I/O is in flight there. Does nothing the second time.
     *
     * @throws IllegalStateException when a thread is within a native call on the segment; the
     *     region is not closed then
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        // First: from here on no thread is within an access, so none can be in the fault handler.
        arena.close();
        poisonedWhenClosed = poisoned();
        closed = true;
        if (guard != null) {
            guard.unregister(guardSlot);
        }
        Libc.munmap(mappingAddress, mappingBytes);
        fd.close();
    }

    @Override
    public String toString() {
        return "region guest "
                + hex(guestAddress)
                + " user "
                + hex(userAddress)
                + " size "
                + hex(sizeBytes);
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
