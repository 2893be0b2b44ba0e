package dev.ringside.frontend;

import java.lang.foreign.MemorySegment;

/** The requests of one queue; arrays by slot or by head, so that nothing is allocated later. */
final class BlkSlots {
    /** Where a slot has its status, behind its header. */
    static final int STATUS_OFFSET = 64;

    private static final int CONTROL_BYTES = 128;

    final DriverChain[] readChains;
    final DriverChain[] writeChains;
    final MemorySegment[] control;
    final MemorySegment[] data;
    final int[] block;
    final int[] generation;
    final boolean[] writing;
    final long[] startNs;
    final int[] free;
    final int[] slotOfHead;
    int freeCount;

    BlkSlots(final FrontendMemory memory, final int queueSize, final int depth, final int bytes) {
        readChains = new DriverChain[depth];
        writeChains = new DriverChain[depth];
        control = new MemorySegment[depth];
        data = new MemorySegment[depth];
        block = new int[depth];
        generation = new int[depth];
        writing = new boolean[depth];
        startNs = new long[depth];
        free = new int[depth];
        slotOfHead = new int[queueSize];
        for (int i = 0; i < depth; i++) {
            final long header = memory.allocate(CONTROL_BYTES, CONTROL_BYTES);
            final long buffer = memory.allocate(bytes, 4096);
            control[i] = memory.slice(header, CONTROL_BYTES);
            data[i] = memory.slice(buffer, bytes);
            readChains[i] =
                    new DriverChain()
                            .readable(header, BlkSpec.HEADER_BYTES)
                            .writable(buffer, bytes)
                            .writable(header + STATUS_OFFSET, 1);
            writeChains[i] =
                    new DriverChain()
                            .readable(header, BlkSpec.HEADER_BYTES)
                            .readable(buffer, bytes)
                            .writable(header + STATUS_OFFSET, 1);
            free[freeCount++] = i;
        }
    }
}
