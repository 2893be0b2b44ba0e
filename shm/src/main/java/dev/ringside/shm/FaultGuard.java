package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Keeps this process alive when a front-end takes its memory away: a SIGBUS handler in machine code
 * in front of the JVM's. When the faulting address lies in a registered region, the handler maps
 * zero pages over the region, marks it poisoned and lets the access go on; any other SIGBUS goes to
 * the JVM as before.
 *
 * <p>The JVM alone is no defence: it turns some of these faults into a late InternalError and dies
 * of others. Regions register before the first touch and unregister after the last. Any thread.
 *
 * @see FaultGuardCode
 */
public final class FaultGuard {
    /** So many regions can be mapped at once, in all sessions together. */
    static final int CAPACITY = 16384;

    // struct sigaction of the C library, the same on x86-64 and aarch64
    static final int SA_HANDLER = 0;
    static final int SA_FLAGS = 136;
    static final int SIGACTION_SIZE = 152;
    static final int SIGBUS = 7;
    static final int SA_SIGINFO = 4;
    static final int SA_ONSTACK = 0x08000000;
    static final int SA_RESTART = 0x10000000;

    private static final long SIG_IGN = 1;
    private static final long MAPPING_BYTES =
            FaultGuardCode.DATA + FaultGuardCode.SLOTS + (long) CAPACITY * FaultGuardCode.SLOT_SIZE;
    private static final VarHandle LONG = JAVA_LONG.varHandle();
    private static final VarHandle INT = JAVA_INT.varHandle();

    private static final Object LOCK = new Object();
    private static @Nullable FaultGuard installed;
    private static boolean withheld;

    private final MemorySegment data;
    private final BitSet used = new BitSet();

    private FaultGuard(MemorySegment data) {
        this.data = data;
    }

    /**
     * Installs the handler, once per process; does nothing when it is there. Mapping a {@link
     * MemoryRegion} does so by itself.
     *
     * @throws LinuxException when the kernel forbids memory with code or the handler
     */
    public static void install() throws LinuxException {
        instance();
    }

    /** For tests that show what happens without it: no handler is installed from now on. */
    static void withhold() {
        synchronized (LOCK) {
            withheld = true;
        }
    }

    /** The guard; null only when a test withholds it. */
    static @Nullable FaultGuard instance() throws LinuxException {
        synchronized (LOCK) {
            if (installed == null && !withheld) {
                installed = create();
            }
            return installed;
        }
    }

    private static FaultGuard create() throws LinuxException {
        MemorySegment memory =
                MachineCode.map(
                        FaultGuardCode.bytes(),
                        FaultGuardCode.DATA,
                        MAPPING_BYTES,
                        "install the fault guard");
        FaultGuard guard = new FaultGuard(memory.asSlice(FaultGuardCode.DATA));
        guard.takeSignal(memory.address());
        return guard;
    }

    private void takeSignal(long handler) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(SIGACTION_SIZE, Long.BYTES);
            sigaction(0, action.address());
            long previous = action.get(JAVA_LONG, SA_HANDLER);
            int flags = action.get(JAVA_INT, SA_FLAGS);
            if (previous == 0 || previous == SIG_IGN || (flags & SA_SIGINFO) == 0) {
                throw new LinuxException(
                        "install the fault guard",
                        Errno.EOPNOTSUPP,
                        "the JVM has no SIGBUS handler to go on to; a HotSpot JVM is needed");
            }
            data.set(JAVA_LONG, FaultGuardCode.PREVIOUS, previous);
            VarHandle.fullFence();
            // The rest of the JVM's action stays: its signal mask and flags.
            action.set(JAVA_LONG, SA_HANDLER, handler);
            action.set(JAVA_INT, SA_FLAGS, flags | SA_SIGINFO | SA_ONSTACK | SA_RESTART);
            sigaction(action.address(), 0);
        }
    }

    private static void sigaction(long action, long old) throws LinuxException {
        LinuxException.check(
                Libc.sigaction(SIGBUS, action, old), "install the fault guard: sigaction SIGBUS");
    }

    /**
     * Guards a mapping from now on.
     *
     * @param start of the whole mapping, as mmap gave it
     * @param bytes of the whole mapping
     * @return the slot, to {@link #unregister} it
     * @throws LinuxException ENOSPC when {@link #CAPACITY} mappings are guarded
     */
    int register(long start, long bytes) throws LinuxException {
        synchronized (used) {
            int slot = used.nextClearBit(0);
            if (slot >= CAPACITY) {
                throw new LinuxException(
                        "guard a memory region",
                        Errno.ENOSPC,
                        CAPACITY + " regions are mapped; disconnect some front-ends");
            }
            used.set(slot);
            fill(slot, start, start + bytes);
            if (slot >= (long) LONG.getOpaque(data, (long) FaultGuardCode.COUNT)) {
                LONG.setRelease(data, (long) FaultGuardCode.COUNT, slot + 1L);
            }
            return slot;
        }
    }

    /** Guards a mapping no more. Nobody touches it any more. */
    void unregister(int slot) {
        synchronized (used) {
            fill(slot, 0, 0);
            used.clear(slot);
        }
    }

    // A sequence lock: the handler, on any thread, takes a slot only when it did not change.
    private void fill(int slot, long start, long end) {
        long at = at(slot);
        long sequence = (long) LONG.getOpaque(data, at + FaultGuardCode.SEQUENCE);
        LONG.setOpaque(data, at + FaultGuardCode.SEQUENCE, sequence + 1);
        VarHandle.fullFence();
        LONG.setOpaque(data, at + FaultGuardCode.START, start);
        LONG.setOpaque(data, at + FaultGuardCode.END, end);
        INT.setOpaque(data, at + FaultGuardCode.POISONED, 0);
        LONG.setRelease(data, at + FaultGuardCode.SEQUENCE, sequence + 2);
    }

    /** Whether a fault was met in a guarded mapping. Data path: one load. */
    boolean poisoned(int slot) {
        return (int) INT.getOpaque(data, at(slot) + FaultGuardCode.POISONED) != 0;
    }

    private static long at(int slot) {
        return FaultGuardCode.SLOTS + (long) slot * FaultGuardCode.SLOT_SIZE;
    }

    /** How many faults were met since the start of the process; 0 when no guard is installed. */
    public static long faults() {
        FaultGuard guard;
        synchronized (LOCK) {
            guard = installed;
        }
        return guard == null ? 0 : (long) LONG.getOpaque(guard.data, (long) FaultGuardCode.FAULTS);
    }
}
