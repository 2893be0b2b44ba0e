package dev.ringside.server.component;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;

/**
 * Writes fields of shared memory on a thread of its own, as fast as it can and in random order,
 * each with a value that its kind of field may or must not have. A field of 8 bytes is sometimes
 * written in halves, so that a reader may see one half of each value.
 */
final class Scribbler implements AutoCloseable {
    /** So many writes between two looks whether to end. */
    private static final int BURST = 256;

    private static final int PAUSE_NS = 10_000;

    private record Field(
            MemorySegment memory, long offset, int bytes, ToLongFunction<Random> values) {
        void write(final Random random) {
            final long value = values.applyAsLong(random);
            switch (bytes) {
                case 1 -> memory.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
                case 2 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
                case 4 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, offset, (int) value);
                default -> wide(random, value);
            }
        }

        private void wide(final Random random, final long value) {
            switch (random.nextInt(4)) {
                case 0 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, offset, (int) value);
                case 1 ->
                        memory.set(
                                ValueLayout.JAVA_INT_UNALIGNED,
                                offset + Integer.BYTES,
                                (int) (value >>> Integer.SIZE));
                default -> memory.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
            }
        }
    }

    private final List<Field> fields = new ArrayList<>();
    private final Random random;
    private final Thread thread =
            Thread.ofPlatform().daemon().name("scribbler").unstarted(this::run);
    private volatile boolean stopped;
    private long writes;

    Scribbler(final long seed) {
        random = new Random(seed);
    }

    /** One more field; before the start. */
    Scribbler field(
            final MemorySegment memory,
            final long offset,
            final int bytes,
            final ToLongFunction<Random> values) {
        fields.add(new Field(memory, offset, bytes, values));
        return this;
    }

    Scribbler start() {
        thread.start();
        return this;
    }

    private void run() {
        while (!stopped) {
            for (int i = 0; i < BURST; i++) {
                fields.get(random.nextInt(fields.size())).write(random);
            }
            writes += BURST;
            // Where processors are few, the device needs some of their time too.
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** Ends it, and returns how many writes there were. */
    long stop() throws InterruptedException {
        stopped = true;
        thread.join();
        return writes;
    }

    @Override
    public void close() {
        stopped = true;
    }
}
