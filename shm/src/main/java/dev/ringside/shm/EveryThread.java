package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes system calls on every thread of this process, the JVM's own included: some (Landlock,
 * capabilities) change only the thread that makes them. A signal handler in machine code makes the
 * calls; the signal goes to one thread after the other until no thread is left that did not get it.
 * Threads that start later inherit from threads that did.
 *
 * @see EveryThreadCode
 */
final class EveryThread {
    /** A real-time signal that neither the C library (32, 33) nor the JDK (62) uses. */
    static final int SIGNAL = 60;

    private static final String WHAT = "confine every thread";
    private static final long PATIENCE_NS = 10_000_000_000L;
    private static final long PAUSE_NS = 20_000;
    private static final int QUIET_PASSES = 2;
    private static final long MAPPING_BYTES = EveryThreadCode.DATA + 4096L;
    private static final VarHandle LONG = JAVA_LONG.varHandle();

    /** A folder for each thread of this process. */
    static final Path TASKS = Path.of("/proc/self/task");

    private final MemorySegment data;
    private final long processId = ProcessHandle.current().pid();

    private EveryThread(MemorySegment data) {
        this.data = data;
    }

    /**
     * One system call.
     *
     * @param name for people
     * @param number of this machine
     * @param arguments at most {@link EveryThreadCode#ARGUMENTS}
     */
    @SuppressWarnings("ArrayRecordComponent") // written once, never compared
    record Call(String name, int number, long... arguments) {}

    /**
     * Makes the calls, in order, on every thread.
     *
     * @throws LinuxException when one failed on a thread, or a thread does not take the signal: the
     *     threads are not all the same then, and the process should end
     */
    static void run(List<Call> calls) throws LinuxException {
        MemorySegment memory =
                MachineCode.map(EveryThreadCode.bytes(), EveryThreadCode.DATA, MAPPING_BYTES, WHAT);
        EveryThread threads = new EveryThread(memory.asSlice(EveryThreadCode.DATA));
        threads.fill(calls);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment before = arena.allocate(FaultGuard.SIGACTION_SIZE, Long.BYTES);
            MemorySegment action = arena.allocate(FaultGuard.SIGACTION_SIZE, Long.BYTES);
            action.set(JAVA_LONG, FaultGuard.SA_HANDLER, memory.address());
            action.set(
                    JAVA_INT,
                    FaultGuard.SA_FLAGS,
                    FaultGuard.SA_SIGINFO | FaultGuard.SA_RESTART | FaultGuard.SA_ONSTACK);
            sigaction(action.address(), before.address());
            threads.reachAll(calls);
            sigaction(before.address(), 0);
        }
    }

    private void fill(List<Call> calls) {
        data.set(JAVA_LONG, EveryThreadCode.COUNT, calls.size());
        long at = EveryThreadCode.CALLS;
        for (Call call : calls) {
            data.set(JAVA_LONG, at, call.number());
            for (int i = 0; i < call.arguments().length; i++) {
                data.set(JAVA_LONG, at + (i + 1L) * Long.BYTES, call.arguments()[i]);
            }
            at += EveryThreadCode.CALL_SIZE;
        }
    }

    // A thread that a thread not yet reached has started is found by the next pass.
    private void reachAll(List<Call> calls) throws LinuxException {
        Set<String> reached = new HashSet<>();
        for (int quiet = 0; quiet < QUIET_PASSES; ) {
            quiet++;
            for (String thread : list()) {
                if (reached.add(thread)) {
                    quiet = 0;
                    reach(thread);
                    check(calls, thread);
                }
            }
        }
    }

    /** The ids of this process's threads. */
    static List<String> list() throws LinuxException {
        String[] names = new File(TASKS.toString()).list();
        if (names == null) {
            throw new LinuxException(WHAT + ": list " + TASKS, Errno.ENOENT, "mount /proc");
        }
        return new ArrayList<>(List.of(names));
    }

    private void reach(String thread) throws LinuxException {
        long before = (long) LONG.getAcquire(data, (long) EveryThreadCode.DONE);
        int sent = send(Long.parseLong(thread));
        if (sent == -Errno.ESRCH) {
            return;
        }
        LinuxException.check(sent, WHAT + ": tgkill " + thread);
        long startNs = System.nanoTime();
        while ((long) LONG.getAcquire(data, (long) EveryThreadCode.DONE) == before) {
            if (!Files.exists(TASKS.resolve(thread))) {
                return;
            }
            if (System.nanoTime() - startNs > PATIENCE_NS) {
                throw new LinuxException(
                        WHAT,
                        Errno.ETIMEDOUT,
                        "thread "
                                + thread
                                + " ("
                                + name(thread)
                                + ") does not take signal "
                                + SIGNAL
                                + ": start this process with no signals blocked");
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private static String name(String thread) {
        try {
            return Files.readString(TASKS.resolve(thread).resolve("comm")).strip();
        } catch (IOException e) {
            return "ended";
        }
    }

    private int send(long thread) {
        return (int) CFunction.SYSCALL.call(SystemCall.TGKILL.number(), processId, thread, SIGNAL);
    }

    private void check(List<Call> calls, String thread) throws LinuxException {
        long error = data.get(JAVA_LONG, EveryThreadCode.ERROR);
        if (error < 0) {
            int failed = calls.size() - (int) data.get(JAVA_LONG, EveryThreadCode.LEFT);
            throw new LinuxException(
                    WHAT + ": " + calls.get(failed).name() + " on thread " + thread, (int) -error);
        }
    }

    private static void sigaction(long action, long old) throws LinuxException {
        LinuxException.check(Libc.sigaction(SIGNAL, action, old), WHAT + ": sigaction " + SIGNAL);
    }
}
