package dev.ringside.bench.compare;

import dev.ringside.shm.CpuAffinity;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How far two processors are apart now: the round trip of a cache line. On virtual machines it
 * changes by itself, and every figure with it.
 */
final class CoreDistance {
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int ROUNDS = 20_000;
    private static final int WARM_UP = 20_000;
    // Far from the array's header, which is written by nobody but shares lines with element 0.
    private static final int SLOT = 32;

    private CoreDistance() {}

    /** Both processors are busy for some milliseconds. */
    static long roundTripNs(final int cpuA, final int cpuB) throws IOException {
        final long[] line = new long[64];
        final Thread echo =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    pin(cpuB);
                                    for (long i = 1; i <= 2L * (ROUNDS + WARM_UP); i += 2) {
                                        await(line, i);
                                        LONGS.setRelease(line, SLOT, i + 1);
                                    }
                                });
        final long[] result = new long[1];
        final Thread call =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    pin(cpuA);
                                    run(line, 1, WARM_UP);
                                    final long start = System.nanoTime();
                                    run(line, 1 + 2L * WARM_UP, ROUNDS);
                                    result[0] = (System.nanoTime() - start) / ROUNDS;
                                });
        try {
            call.join();
            echo.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while measuring the processors' distance", e);
        }
        return result[0];
    }

    private static void run(final long[] line, final long first, final int rounds) {
        for (int i = 0; i < rounds; i++) {
            LONGS.setRelease(line, SLOT, first + 2L * i);
            await(line, first + 2L * i + 1);
        }
    }

    private static void await(final long[] line, final long value) {
        while ((long) LONGS.getAcquire(line, SLOT) != value) {
            Thread.onSpinWait();
        }
    }

    private static void pin(final int cpu) {
        try {
            CpuAffinity.pinCurrentThread(cpu);
        } catch (IOException e) {
            throw new IllegalStateException("cannot run on processor " + cpu, e);
        }
    }
}
