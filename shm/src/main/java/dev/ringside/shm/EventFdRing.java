package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Adds to an eventfd that somebody else holds too, and never waits. write(2) waits at a full
 * counter unless the open file is O_NONBLOCK, and every holder can clear that flag at any time. The
 * kernel's own signals do not look at it: this is an io_uring that tells the eventfd of each
 * completion, and whose one operation, which does nothing, completes for each signal.
 *
 * <p>{@link #signal}: one thread at a time, any. {@link #close}: any thread, once.
 */
final class EventFdRing implements AutoCloseable {
    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final String CALL = "io_uring for the signals of an eventfd";

    private final Fd fd;
    private final Arena arena = Arena.ofShared();
    // Entry 0 of the submission array and the entry that it names are zero: a NOP for ever.
    private final MemorySegment ring;
    private final long sqTailAt;
    private final long cqHeadAt;
    private final long cqTailAt;
    private int sqTail;

    private EventFdRing(Fd fd, MemorySegment params) throws LinuxException {
        this.fd = fd;
        int submissions = params.get(JAVA_INT, IoUringSpec.PARAMS_SQ_ENTRIES);
        int completions = params.get(JAVA_INT, IoUringSpec.PARAMS_CQ_ENTRIES);
        long bytes =
                Math.max(
                        at(params, IoUringSpec.PARAMS_SQ_OFF + IoUringSpec.SQ_OFF_ARRAY)
                                + (long) submissions * Integer.BYTES,
                        at(params, IoUringSpec.PARAMS_CQ_OFF + IoUringSpec.CQ_OFF_CQES)
                                + (long) completions * IoUringSpec.CQE_SIZE);
        ring = IoUringCalls.map(fd, bytes, IoUringSpec.IORING_OFF_SQ_RING, arena, "mmap " + CALL);
        sqTailAt = at(params, IoUringSpec.PARAMS_SQ_OFF + IoUringSpec.SQ_OFF_TAIL);
        cqHeadAt = at(params, IoUringSpec.PARAMS_CQ_OFF + IoUringSpec.CQ_OFF_HEAD);
        cqTailAt = at(params, IoUringSpec.PARAMS_CQ_OFF + IoUringSpec.CQ_OFF_TAIL);
    }

    private static long at(MemorySegment params, int field) {
        return Integer.toUnsignedLong(params.get(JAVA_INT, field));
    }

    /** A ring that signals this eventfd, which must outlive it. */
    static EventFdRing create(Fd eventFd) throws LinuxException {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment params = scratch.allocate(IoUringSpec.PARAMS_SIZE, Long.BYTES);
            Fd fd = Fd.adopt(LinuxException.check(IoUringCalls.setup(1, params), CALL));
            try {
                MemorySegment number = scratch.allocateFrom(JAVA_INT, eventFd.number());
                LinuxException.check(
                        IoUringCalls.register(
                                fd.number(), IoUringSpec.IORING_REGISTER_EVENTFD, number, 1),
                        "register " + CALL);
                return new EventFdRing(fd, params);
            } catch (LinuxException | RuntimeException e) {
                fd.close();
                throw e;
            }
        }
    }

    /** Adds one. False when the kernel refused, and nothing was added. Data path. */
    boolean signal() {
        // The completion of the last signal told the eventfd, and is of no more use.
        INT.setRelease(ring, cqHeadAt, (int) INT.getAcquire(ring, cqTailAt));
        INT.setRelease(ring, sqTailAt, ++sqTail);
        return IoUringCalls.enter(Native.state(), fd.number(), 1, 0, 0, 0, 0) == 1;
    }

    @Override
    public void close() {
        long address = ring.address();
        arena.close();
        Libc.munmap(address, ring.byteSize());
        fd.close();
    }
}
