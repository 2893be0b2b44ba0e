package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory outside the heap whose pages cost nothing before they are first touched: for buffers that
 * are mostly filled with little. It goes when nobody refers to it any more, and is in no core dump.
 */
public final class LazyMemory {
    private LazyMemory() {}

    /**
     * Reserves zeroed memory, aligned to pages. Any thread may use it.
     *
     * @param sizeBytes more than 0
     * @throws LinuxException ENOMEM
     */
    public static MemorySegment allocate(long sizeBytes) throws LinuxException {
        long address =
                LinuxException.check(
                        Libc.mmap(
                                0,
                                sizeBytes,
                                Libc.PROT_READ | Libc.PROT_WRITE,
                                Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE,
                                -1,
                                0),
                        "mmap " + sizeBytes + " bytes");
        MemorySegment memory =
                MemorySegment.ofAddress(address)
                        .reinterpret(
                                sizeBytes,
                                Arena.ofAuto(),
                                segment -> Libc.munmap(address, sizeBytes));
        CoreDumps.exclude(memory);
        return memory;
    }
}
