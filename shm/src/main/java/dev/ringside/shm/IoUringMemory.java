package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The rings that the kernel shares with one IoUring: set-up, mapping, and the system calls. */
final class IoUringMemory implements AutoCloseable {
    private static final int COMMON =
            IoUringSpec.IORING_SETUP_CQSIZE
                    | IoUringSpec.IORING_SETUP_CLAMP
                    | IoUringSpec.IORING_SETUP_R_DISABLED;
    private static final int COOPERATIVE =
            COMMON
                    | IoUringSpec.IORING_SETUP_SUBMIT_ALL
                    | IoUringSpec.IORING_SETUP_COOP_TASKRUN
                    | IoUringSpec.IORING_SETUP_TASKRUN_FLAG;
    private static final int DEFERRED =
            COMMON
                    | IoUringSpec.IORING_SETUP_SUBMIT_ALL
                    | IoUringSpec.IORING_SETUP_TASKRUN_FLAG
                    | IoUringSpec.IORING_SETUP_SINGLE_ISSUER
                    | IoUringSpec.IORING_SETUP_DEFER_TASKRUN;
    // Best first: Linux 6.1, 5.19, 5.11.
    private static final int[] MODES = {DEFERRED, COOPERATIVE, COMMON};
    private static final int FEATURES =
            IoUringSpec.IORING_FEAT_SINGLE_MMAP
                    | IoUringSpec.IORING_FEAT_NODROP
                    | IoUringSpec.IORING_FEAT_EXT_ARG;
    // All that an IoUring does: whoever got hold of a ring could do no more with it, such as open a
    // file or a socket, which seccomp(2) would not see.
    private static final int[] OPERATIONS = {
        IoUringSpec.IORING_OP_NOP,
        IoUringSpec.IORING_OP_READ,
        IoUringSpec.IORING_OP_WRITE,
        IoUringSpec.IORING_OP_READV,
        IoUringSpec.IORING_OP_WRITEV,
        IoUringSpec.IORING_OP_FSYNC,
        IoUringSpec.IORING_OP_FALLOCATE,
        IoUringSpec.IORING_OP_POLL_ADD,
        IoUringSpec.IORING_OP_ASYNC_CANCEL
    };
    private static final int[] REGISTRATIONS = {
        IoUringSpec.IORING_REGISTER_ENABLE_RINGS,
        IoUringSpec.IORING_REGISTER_IOWQ_MAX_WORKERS,
        IoUringSpec.IORING_REGISTER_RING_FDS,
        IoUringSpec.IORING_UNREGISTER_RING_FDS
    };
    private static final int REGISTERED = IoUringSpec.IORING_ENTER_REGISTERED_RING;
    private static final int MAX_ENTRIES = 32768;
    private static final int MIN_COMPLETIONS = 4096;
    private static final int COMPLETIONS_PER_ENTRY = 4;

    final Fd fd;
    final int entries;
    final boolean deferred;
    final MemorySegment ring;
    final MemorySegment sqes;
    final long sqHead;
    final long sqTail;
    final long sqFlags;
    final long cqHead;
    final long cqTail;
    final long cqes;
    final int cqMask;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment state = Native.state();
    // The ring's place in the thread's table of rings, which spares enter the look-up of the
    // descriptor; negative before Linux 5.18.
    private final int registered;

    private IoUringMemory(Fd fd, int mode, MemorySegment params) throws LinuxException {
        this.fd = fd;
        deferred = mode == DEFERRED;
        entries = params.get(JAVA_INT, IoUringSpec.PARAMS_SQ_ENTRIES);
        int completions = params.get(JAVA_INT, IoUringSpec.PARAMS_CQ_ENTRIES);
        long array = sq(params, IoUringSpec.SQ_OFF_ARRAY);
        cqes = cq(params, IoUringSpec.CQ_OFF_CQES);
        long ringBytes =
                Math.max(
                        array + (long) entries * Integer.BYTES,
                        cqes + (long) completions * IoUringSpec.CQE_SIZE);
        ring = map(ringBytes, IoUringSpec.IORING_OFF_SQ_RING);
        try {
            sqes = map((long) entries * IoUringSpec.SQE_SIZE, IoUringSpec.IORING_OFF_SQES);
        } catch (LinuxException e) {
            Libc.munmap(ring.address(), ringBytes);
            throw e;
        }
        sqHead = sq(params, IoUringSpec.SQ_OFF_HEAD);
        sqTail = sq(params, IoUringSpec.SQ_OFF_TAIL);
        sqFlags = sq(params, IoUringSpec.SQ_OFF_FLAGS);
        cqHead = cq(params, IoUringSpec.CQ_OFF_HEAD);
        cqTail = cq(params, IoUringSpec.CQ_OFF_TAIL);
        cqMask = ring.get(JAVA_INT, cq(params, IoUringSpec.CQ_OFF_RING_MASK));
        // Entry i of the array always names submission entry i.
        for (int i = 0; i < entries; i++) {
            ring.set(JAVA_INT, array + (long) i * Integer.BYTES, i);
        }
        try {
            restrict();
        } catch (LinuxException e) {
            Libc.munmap(sqes.address(), sqes.byteSize());
            Libc.munmap(ring.address(), ringBytes);
            throw e;
        }
        registered = registerRing(IoUringSpec.IORING_REGISTER_RING_FDS, -1, fd.number());
    }

    /** Ends what cannot be ended later: whatever is not listed. The ring works from now on. */
    private void restrict() throws LinuxException {
        int count = OPERATIONS.length + REGISTRATIONS.length;
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment list =
                    scratch.allocate(
                            (long) count * IoUringSpec.RESTRICTION_SIZE,
                            IoUringSpec.RESTRICTION_SIZE);
            long at = 0;
            for (int operation : OPERATIONS) {
                allow(list, at, IoUringSpec.IORING_RESTRICTION_SQE_OP, operation);
                at += IoUringSpec.RESTRICTION_SIZE;
            }
            for (int registration : REGISTRATIONS) {
                allow(list, at, IoUringSpec.IORING_RESTRICTION_REGISTER_OP, registration);
                at += IoUringSpec.RESTRICTION_SIZE;
            }
            LinuxException.check(
                    register(IoUringSpec.IORING_REGISTER_RESTRICTIONS, list, count),
                    "io_uring_register IORING_REGISTER_RESTRICTIONS");
        }
        LinuxException.check(
                register(IoUringSpec.IORING_REGISTER_ENABLE_RINGS, MemorySegment.NULL, 0),
                "io_uring_register IORING_REGISTER_ENABLE_RINGS");
    }

    private static void allow(MemorySegment list, long at, int kind, int operation) {
        list.set(JAVA_SHORT, at + IoUringSpec.RESTRICTION_OPCODE, (short) kind);
        list.set(JAVA_BYTE, at + IoUringSpec.RESTRICTION_OP, (byte) operation);
    }

    private int registerRing(int operation, int place, int data) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment update = scratch.allocate(IoUringSpec.RSRC_UPDATE_SIZE, Long.BYTES);
            update.set(JAVA_INT, IoUringSpec.RSRC_UPDATE_OFFSET, place);
            update.set(JAVA_LONG, IoUringSpec.RSRC_UPDATE_DATA, data);
            return register(operation, update, 1) == 1
                    ? update.get(JAVA_INT, IoUringSpec.RSRC_UPDATE_OFFSET)
                    : -1;
        }
    }

    private static long sq(MemorySegment params, int field) {
        return Integer.toUnsignedLong(params.get(JAVA_INT, IoUringSpec.PARAMS_SQ_OFF + field));
    }

    private static long cq(MemorySegment params, int field) {
        return Integer.toUnsignedLong(params.get(JAVA_INT, IoUringSpec.PARAMS_CQ_OFF + field));
    }

    private MemorySegment map(long bytes, long offset) throws LinuxException {
        return IoUringCalls.map(fd, bytes, offset, arena, "mmap io_uring");
    }

    static IoUringMemory create(int wanted) throws LinuxException {
        if (wanted < 1 || wanted > MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    "io_uring of " + wanted + " entries: 1 to " + MAX_ENTRIES + " are possible");
        }
        int error = Errno.EINVAL;
        for (int mode : MODES) {
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment params = scratch.allocate(IoUringSpec.PARAMS_SIZE, Long.BYTES);
                params.set(JAVA_INT, IoUringSpec.PARAMS_FLAGS, mode);
                params.set(
                        JAVA_INT,
                        IoUringSpec.PARAMS_CQ_ENTRIES,
                        Math.max(MIN_COMPLETIONS, wanted * COMPLETIONS_PER_ENTRY));
                int number = IoUringCalls.setup(wanted, params);
                if (number >= 0) {
                    return adopt(Fd.adopt(number), mode, params);
                }
                error = -number;
                if (error != Errno.EINVAL) {
                    break;
                }
            }
        }
        throw new LinuxException("io_uring_setup", error, hint(error));
    }

    private static IoUringMemory adopt(Fd fd, int mode, MemorySegment params)
            throws LinuxException {
        try {
            int features = params.get(JAVA_INT, IoUringSpec.PARAMS_FEATURES);
            if ((features & FEATURES) != FEATURES) {
                throw new LinuxException(
                        "io_uring_setup",
                        Errno.EOPNOTSUPP,
                        "features 0x"
                                + Integer.toHexString(features)
                                + ": Linux 5.11 or newer is needed");
            }
            return new IoUringMemory(fd, mode, params);
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    private static String hint(int error) {
        return switch (error) {
            case Errno.ENOSYS -> "Linux 5.11 or newer, built with io_uring, is needed";
            case Errno.EPERM ->
                    "io_uring is switched off here: see the sysctl kernel.io_uring_disabled and the"
                            + " container's seccomp profile";
            case Errno.ENOMEM -> "raise the limit of locked memory (ulimit -l)";
            default -> "";
        };
    }

    /** io_uring_enter(2): entries taken, or the negative error number. */
    int enter(int toSubmit, int minComplete, int flags, long argument, long argumentBytes) {
        return IoUringCalls.enter(
                state,
                registered >= 0 ? registered : fd.number(),
                toSubmit,
                minComplete,
                registered >= 0 ? flags | REGISTERED : flags,
                argument,
                argumentBytes);
    }

    /** io_uring_register(2). */
    int register(int operation, MemorySegment argument, int count) {
        return IoUringCalls.register(fd.number(), operation, argument, count);
    }

    /** Only the thread that made the rings may close them. */
    @Override
    public void close() {
        if (!fd.isOpen()) {
            return;
        }
        long ringAddress = ring.address();
        long sqesAddress = sqes.address();
        arena.close();
        if (registered >= 0) {
            // Else the thread's table would keep the ring alive.
            registerRing(IoUringSpec.IORING_UNREGISTER_RING_FDS, registered, 0);
        }
        Libc.munmap(sqesAddress, sqes.byteSize());
        Libc.munmap(ringAddress, ring.byteSize());
        fd.close();
    }
}
