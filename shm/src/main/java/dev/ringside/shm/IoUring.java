package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * An io_uring(7), confined to the thread that made it: SINGLE_ISSUER and DEFER_TASKRUN, with a
 * fall-back for older kernels. No method on the data path allocates.
 *
 * <p>Operations are queued by {@link #read} and its sisters, which return false when the submission
 * ring is full; {@link #submit} hands them to the kernel; {@link #complete} gives the results. The
 * memory that an operation names must stay mapped until its completion. Completions are never lost:
 * what does not fit the completion ring the kernel keeps, and {@link #complete} asks for it.
 */
public final class IoUring implements AutoCloseable {
    /** In a completion's flags: a multishot operation goes on and will complete again. */
    public static final int MORE = IoUringSpec.IORING_CQE_F_MORE;

    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final int FLUSH_FLAGS =
            IoUringSpec.IORING_SQ_TASKRUN | IoUringSpec.IORING_SQ_CQ_OVERFLOW;
    private static final long NS_PER_SECOND = 1_000_000_000L;
    private static final long SIZE_MASK = 0xffffffffL;

    /** Takes completions; must not throw. */
    @FunctionalInterface
    public interface CompletionHandler {
        /**
         * Takes one completion.
         *
         * @param userData what the operation was queued with
         * @param result what the system call would have returned; negative error number
         * @param flags {@link #MORE} and others of linux/io_uring.h (IORING_CQE_F_...)
         */
        void onCompletion(long userData, int result, int flags);
    }

    private final IoUringMemory memory;
    private final MemorySegment ring;
    private final MemorySegment sqes;
    private final int mask;
    private final MemorySegment waitArgument = Arena.ofAuto().allocate(40, Long.BYTES);
    private final long timespecAddress = waitArgument.address() + IoUringSpec.GETEVENTS_ARG_SIZE;
    private int sqTail;
    private int sqHead;
    private int cqHead;

    private IoUring(IoUringMemory memory) {
        this.memory = memory;
        ring = memory.ring;
        sqes = memory.sqes;
        mask = memory.entries - 1;
        sqTail = ring.get(JAVA_INT, memory.sqTail);
        sqHead = sqTail;
        cqHead = ring.get(JAVA_INT, memory.cqHead);
    }

    /**
     * Makes a ring for the calling thread.
     *
     * @param entries room for operations not yet submitted, rounded up to a power of two; more may
     *     be in flight
     * @throws LinuxException with the way out when the kernel is too old or forbids it
     */
    public static IoUring create(int entries) throws LinuxException {
        return new IoUring(IoUringMemory.create(entries));
    }

    /**
     * The ring's descriptor, still owned by it. Do not wait for it in epoll: a completion that the
     * kernel defers (DEFER_TASKRUN) does not wake a sleeper there. Wait in {@link #submitAndWait},
     * with an {@link Epoll} instance for all else watched by {@link #pollAdd}.
     */
    public Fd fd() {
        return memory.fd;
    }

    /** How many operations can be queued before {@link #submit} must make room. */
    public int spaceLeft() {
        return memory.entries - (sqTail - sqHead);
    }

    /** Queues pread(2) into memory at an address. */
    public boolean read(int fd, long address, int length, long offset, long userData) {
        return queue(IoUringSpec.IORING_OP_READ, fd, offset, address, length, 0, userData);
    }

    /** Queues pwrite(2) from memory at an address. */
    public boolean write(int fd, long address, int length, long offset, long userData) {
        return queue(IoUringSpec.IORING_OP_WRITE, fd, offset, address, length, 0, userData);
    }

    /** Queues preadv2(2); the iovecs may be reused after {@link #submit} took it. */
    public boolean readv(
            int fd, long iovAddress, int iovCount, long offset, int rwFlags, long userData) {
        return queue(
                IoUringSpec.IORING_OP_READV, fd, offset, iovAddress, iovCount, rwFlags, userData);
    }

    /** Queues pwritev2(2); the iovecs may be reused after {@link #submit} took it. */
    public boolean writev(
            int fd, long iovAddress, int iovCount, long offset, int rwFlags, long userData) {
        return queue(
                IoUringSpec.IORING_OP_WRITEV, fd, offset, iovAddress, iovCount, rwFlags, userData);
    }

    /** Queues fsync(2), or fdatasync(2). Not ordered with what else is in flight. */
    public boolean fsync(int fd, boolean dataOnly, long userData) {
        int flags = dataOnly ? IoUringSpec.IORING_FSYNC_DATASYNC : 0;
        return queue(IoUringSpec.IORING_OP_FSYNC, fd, 0, 0, 0, flags, userData);
    }

    /** Queues fallocate(2) with FALLOC_FL_... mode. */
    public boolean fallocate(int fd, int mode, long offset, long length, long userData) {
        return queue(IoUringSpec.IORING_OP_FALLOCATE, fd, offset, length, mode, 0, userData);
    }

    /** Queues poll(2) for POLL... events; multishot ones complete until cancelled. */
    public boolean pollAdd(int fd, int events, boolean multishot, long userData) {
        int length = multishot ? IoUringSpec.IORING_POLL_ADD_MULTI : 0;
        return queue(IoUringSpec.IORING_OP_POLL_ADD, fd, 0, 0, length, events, userData);
    }

    /**
     * Queues the cancelling of an operation. It completes by itself (0, -ENOENT, -EALREADY), and
     * the operation completes too (-ECANCELED, or its result when it was too late).
     */
    public boolean cancel(long targetUserData, long userData) {
        return queue(IoUringSpec.IORING_OP_ASYNC_CANCEL, -1, 0, targetUserData, 0, 0, userData);
    }

    /** Queues an operation that does nothing. */
    public boolean nop(long userData) {
        return queue(IoUringSpec.IORING_OP_NOP, -1, 0, 0, 0, 0, userData);
    }

    private boolean queue(
            int opcode, int fd, long offset, long address, int length, int flags, long userData) {
        if (spaceLeft() == 0) {
            return false;
        }
        // Whole words; those after user_data are zero from the start and stay so.
        long at = (long) (sqTail & mask) * IoUringSpec.SQE_SIZE;
        sqes.set(JAVA_LONG, at, (opcode & SIZE_MASK) | (long) fd << Integer.SIZE);
        sqes.set(JAVA_LONG, at + IoUringSpec.SQE_OFF, offset);
        sqes.set(JAVA_LONG, at + IoUringSpec.SQE_ADDR, address);
        sqes.set(
                JAVA_LONG,
                at + IoUringSpec.SQE_LEN,
                (length & SIZE_MASK) | (long) flags << Integer.SIZE);
        sqes.set(JAVA_LONG, at + IoUringSpec.SQE_USER_DATA, userData);
        sqTail++;
        return true;
    }

    /**
     * Hands queued operations to the kernel and lets it run what it deferred: one io_uring_enter
     * when there is a reason for it, else nothing.
     *
     * @return operations taken; 0 also when the kernel wants completions taken or has no memory
     *     just now (EBUSY, EAGAIN, EINTR): what was not taken stays queued for the next call. Else
     *     a negative error number.
     */
    public int submit() {
        int queued = sqTail - sqHead;
        boolean flush = ((int) INT.getOpaque(ring, memory.sqFlags) & FLUSH_FLAGS) != 0;
        if (queued == 0 && !flush) {
            return 0;
        }
        INT.setRelease(ring, memory.sqTail, sqTail);
        int flags = flush ? IoUringSpec.IORING_ENTER_GETEVENTS : 0;
        return taken(memory.enter(queued, 0, flags, 0, 0));
    }

    /**
     * Like {@link #submit}, and waits until completions are there.
     *
     * @param atLeast how many completions end the wait
     * @param timeoutNs longest wait; 0: no wait; negative: for ever
     * @return as {@link #submit}; a time-out or a signal is no error
     */
    public int submitAndWait(int atLeast, long timeoutNs) {
        int queued = sqTail - sqHead;
        INT.setRelease(ring, memory.sqTail, sqTail);
        int waitFor = timeoutNs == 0 ? 0 : atLeast;
        int flags = IoUringSpec.IORING_ENTER_GETEVENTS;
        if (timeoutNs <= 0) {
            return taken(memory.enter(queued, waitFor, flags, 0, 0));
        }
        waitArgument.set(JAVA_LONG, IoUringSpec.GETEVENTS_ARG_TS, timespecAddress);
        waitArgument.set(JAVA_LONG, IoUringSpec.GETEVENTS_ARG_SIZE, timeoutNs / NS_PER_SECOND);
        waitArgument.set(
                JAVA_LONG, IoUringSpec.GETEVENTS_ARG_SIZE + Long.BYTES, timeoutNs % NS_PER_SECOND);
        flags |= IoUringSpec.IORING_ENTER_EXT_ARG;
        return taken(
                memory.enter(
                        queued,
                        waitFor,
                        flags,
                        waitArgument.address(),
                        IoUringSpec.GETEVENTS_ARG_SIZE));
    }

    private int taken(int result) {
        // The ring's head, not the result, says what was taken: enter can take some and fail.
        int head = (int) INT.getAcquire(ring, memory.sqHead);
        int taken = head - sqHead;
        sqHead = head;
        return switch (result) {
            case -Errno.EAGAIN, -Errno.EBUSY, -Errno.EINTR, -Errno.ETIME -> taken;
            default -> result < 0 ? result : taken;
        };
    }

    /**
     * Gives completions to a handler, which may queue operations.
     *
     * @param limit at most so many
     * @return how many were given
     */
    public int complete(CompletionHandler handler, int limit) {
        int done = 0;
        while (done < limit) {
            int tail = (int) INT.getAcquire(ring, memory.cqTail);
            if (tail == cqHead && !flushOverflow()) {
                break;
            }
            done += give(handler, limit - done, (int) INT.getAcquire(ring, memory.cqTail));
        }
        return done;
    }

    private int give(CompletionHandler handler, int limit, int tail) {
        int given = 0;
        try {
            while (cqHead != tail && given < limit) {
                long at = memory.cqes + (long) (cqHead & memory.cqMask) * IoUringSpec.CQE_SIZE;
                long userData = ring.get(JAVA_LONG, at + IoUringSpec.CQE_USER_DATA);
                int result = ring.get(JAVA_INT, at + IoUringSpec.CQE_RES);
                int flags = ring.get(JAVA_INT, at + IoUringSpec.CQE_FLAGS);
                cqHead++;
                given++;
                handler.onCompletion(userData, result, flags);
            }
        } finally {
            INT.setRelease(ring, memory.cqHead, cqHead);
        }
        return given;
    }

    /** Makes the kernel move what it kept back into the completion ring; whether some came. */
    private boolean flushOverflow() {
        int flags = (int) INT.getOpaque(ring, memory.sqFlags);
        if ((flags & IoUringSpec.IORING_SQ_CQ_OVERFLOW) == 0) {
            return false;
        }
        memory.enter(0, 0, IoUringSpec.IORING_ENTER_GETEVENTS, 0, 0);
        return (int) INT.getAcquire(ring, memory.cqTail) != cqHead;
    }

    /**
     * Limits the kernel's worker threads of this ring.
     *
     * @param bounded for files and block devices; 0: as it is
     * @param unbounded for sockets and the like; 0: as it is
     */
    public void limitWorkers(int bounded, int unbounded) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocateFrom(JAVA_INT, bounded, unbounded);
            LinuxException.check(
                    memory.register(IoUringSpec.IORING_REGISTER_IOWQ_MAX_WORKERS, limits, 2),
                    "io_uring_register IORING_REGISTER_IOWQ_MAX_WORKERS");
        }
    }

    /**
     * Closes the ring. Nothing may be in flight: the kernel would finish it later, into memory that
     * may be gone. Only by the thread that made it; does nothing the second time.
     */
    @Override
    public void close() {
        memory.close();
    }
}
