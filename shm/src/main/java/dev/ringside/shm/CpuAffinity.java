package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Which processors a thread may run on (sched_setaffinity(2)). Concerns the calling thread. */
public final class CpuAffinity {
    // The kernel's largest NR_CPUS is 8192.
    private static final int MASK_BYTES = 1024;
    private static final CFunction SET = CFunction.ofInt("sched_setaffinity");
    private static final CFunction GET = CFunction.ofInt("sched_getaffinity");

    private CpuAffinity() {}

    /**
     * Keeps the calling (platform) thread on the given processors.
     *
     * @throws IllegalArgumentException when none is given or a number cannot be a processor's
     * @throws LinuxException EINVAL when none of them is there and allowed
     */
    public static void pinCurrentThread(int... cpus) throws LinuxException {
        if (cpus.length == 0) {
            throw new IllegalArgumentException("no processor given to pin a thread to");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            for (int cpu : cpus) {
                if (cpu < 0 || cpu >= MASK_BYTES * Byte.SIZE) {
                    throw new IllegalArgumentException("processor " + cpu + " cannot be");
                }
                long at = cpu / Byte.SIZE;
                int bits = mask.get(JAVA_BYTE, at) | 1 << cpu % Byte.SIZE;
                mask.set(JAVA_BYTE, at, (byte) bits);
            }
            LinuxException.check(
                    call(SET, mask), "sched_setaffinity to processors " + Arrays.toString(cpus));
        }
    }

    /** The processors that the calling thread may run on, ascending. */
    public static int[] allowed() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            int result = call(GET, mask);
            if (result < 0) {
                throw new IllegalStateException("sched_getaffinity: " + Errno.name(-result));
            }
            return IntStream.range(0, MASK_BYTES * Byte.SIZE)
                    .filter(
                            cpu ->
                                    (mask.get(JAVA_BYTE, cpu / Byte.SIZE) >> cpu % Byte.SIZE & 1)
                                            != 0)
                    .toArray();
        }
    }

    private static int call(CFunction function, MemorySegment mask) {
        return (int) function.call(0, mask.byteSize(), mask.address());
    }
}
