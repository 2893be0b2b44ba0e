package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * An epoll(7) instance. {@link #await} and its results belong to one thread; {@link #add}, {@link
 * #modify} and {@link #remove} may be called by any thread, also while another one waits.
 */
public final class Epoll implements AutoCloseable {
    /** EPOLLIN and its sisters of sys/epoll.h. */
    public static final int IN = 1;

    public static final int OUT = 4;
    public static final int ERR = 8;
    public static final int HUP = 0x10;
    public static final int RDHUP = 0x2000;
    public static final int ET = 1 << 31;

    /** At most so many results come from one {@link #await}. */
    public static final int MAX_RESULTS = 64;

    /** struct epoll_event: packed on x86-64 only. */
    static final int EVENT_SIZE = Native.ARCH == Native.Arch.X86_64 ? 12 : 16;

    static final int EVENT_DATA = Native.ARCH == Native.Arch.X86_64 ? 4 : 8;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int CTL_MOD = 3;
    private static final long SYS_EPOLL_PWAIT2 = 441;
    private static final long NS_PER_SECOND = 1_000_000_000L;
    private static final long NS_PER_MS = 1_000_000L;

    private static final CFunction CREATE = CFunction.ofInt("epoll_create1");
    private static final CFunction CTL = CFunction.ofInt("epoll_ctl");
    private static final CFunction WAIT = CFunction.ofInt("epoll_wait");
    private static final ThreadLocal<MemorySegment> EVENT =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(EVENT_SIZE, Long.BYTES));

    private final Fd fd;
    private final MemorySegment results =
            Arena.ofAuto().allocate((long) EVENT_SIZE * MAX_RESULTS, Long.BYTES);
    private final MemorySegment timeout = Arena.ofAuto().allocate(16, Long.BYTES);
    // Linux before 5.11 has no epoll_pwait2: then time-outs are rounded up to milliseconds.
    private boolean hasPwait2 = true;
    private int count;

    private Epoll(Fd fd) {
        this.fd = fd;
    }

    /** A new instance, close-on-exec. */
    public static Epoll create() throws LinuxException {
        int number = LinuxException.check((int) CREATE.call(EPOLL_CLOEXEC), "epoll_create1");
        return new Epoll(Fd.adopt(number));
    }

    /** Watches a descriptor; {@code token} comes back with its events. */
    public void add(int watched, int events, long token) throws LinuxException {
        LinuxException.check(control(CTL_ADD, watched, events, token), "epoll add fd " + watched);
    }

    /** Changes what is watched for on a descriptor that was added. */
    public void modify(int watched, int events, long token) throws LinuxException {
        LinuxException.check(
                control(CTL_MOD, watched, events, token), "epoll modify fd " + watched);
    }

    /** Watches a descriptor no more. Do this before it is closed. */
    public void remove(int watched) throws LinuxException {
        LinuxException.check(control(CTL_DEL, watched, 0, 0), "epoll remove fd " + watched);
    }

    private int control(int operation, int watched, int events, long token) {
        MemorySegment event = EVENT.get();
        event.set(JAVA_INT, 0, events);
        event.set(JAVA_LONG_UNALIGNED, EVENT_DATA, token);
        return (int) CTL.call(fd.number(), operation, watched, event.address());
    }

    /**
     * Waits for events. A signal ends the wait early with 0 results.
     *
     * @param timeoutNs longest wait; 0: only look; negative: for ever
     * @return how many results {@link #token} and {@link #events} now give
     * @throws IllegalStateException when the kernel refuses: only a bug or a closed instance
     */
    public int await(long timeoutNs) {
        int result = hasPwait2 ? pwait2(timeoutNs) : waitMs(timeoutNs);
        if (result == -Errno.ENOSYS && hasPwait2) {
            hasPwait2 = false;
            result = waitMs(timeoutNs);
        }
        if (result < 0 && result != -Errno.EINTR) {
            throw new IllegalStateException("epoll_wait: " + Errno.name(-result));
        }
        count = Math.max(result, 0);
        return count;
    }

    private int pwait2(long timeoutNs) {
        long timespec = 0;
        if (timeoutNs >= 0) {
            timeout.set(JAVA_LONG, 0, timeoutNs / NS_PER_SECOND);
            timeout.set(JAVA_LONG, Long.BYTES, timeoutNs % NS_PER_SECOND);
            timespec = timeout.address();
        }
        return (int)
                CFunction.SYSCALL.call(
                        SYS_EPOLL_PWAIT2, fd.number(), results.address(), MAX_RESULTS, timespec);
    }

    private int waitMs(long timeoutNs) {
        long ms = timeoutNs < 0 ? -1 : (timeoutNs + NS_PER_MS - 1) / NS_PER_MS;
        int timeoutMs = (int) Math.min(ms, Integer.MAX_VALUE);
        return (int) WAIT.call(fd.number(), results.address(), MAX_RESULTS, timeoutMs);
    }

    /** The token of a result of the last {@link #await}. */
    public long token(int i) {
        return results.get(
                JAVA_LONG_UNALIGNED, (long) Objects.checkIndex(i, count) * EVENT_SIZE + EVENT_DATA);
    }

    /** The events of a result of the last {@link #await}. */
    public int events(int i) {
        return results.get(JAVA_INT_UNALIGNED, (long) Objects.checkIndex(i, count) * EVENT_SIZE);
    }

    /** The instance's own descriptor, still owned by it: epoll instances nest. */
    public Fd fd() {
        return fd;
    }

    /** Closes the instance; what it watched stays open. */
    @Override
    public void close() {
        fd.close();
    }
}
