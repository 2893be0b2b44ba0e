package dev.ringside.shm;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file descriptor and the duty to close it. Exactly one owner at a time; ownership moves by
 * handing the object over. Any thread; {@link #close} and {@link #release} happen once whoever
 * calls them.
 */
public final class Fd implements AutoCloseable {
    private static final int CLOSED = -1;

    private final AtomicInteger number;
    private volatile FdKeeper keeper;

    private Fd(int number, FdKeeper keeper) {
        this.number = new AtomicInteger(number);
        this.keeper = keeper;
        keeper.opened();
    }

    /**
     * Takes over the duty to close a descriptor.
     *
     * @throws IllegalArgumentException if the number is negative
     */
    public static Fd adopt(int number) {
        return adopt(number, FdKeeper.AT_ONCE);
    }

    /**
     * Takes over a descriptor that a peer gave; it, and its duplicates, are closed by the keeper.
     */
    static Fd adopt(int number, FdKeeper keeper) {
        if (number < 0) {
            throw new IllegalArgumentException("fd " + number + ": a descriptor is not negative");
        }
        return new Fd(number, keeper);
    }

    FdKeeper keeper() {
        return keeper;
    }

    /** From now on it is the keeper who closes it; another one must not have been told before. */
    public void keptBy(FdKeeper other) {
        other.opened();
        keeper = other;
    }

    /**
     * The descriptor's number, valid as long as this object is open.
     *
     * @throws IllegalStateException when closed or released
     */
    public int number() {
        int n = number.get();
        if (n == CLOSED) {
            throw new IllegalStateException("this descriptor was closed or released");
        }
        return n;
    }

    /** Whether neither {@link #close} nor {@link #release} was called. */
    public boolean isOpen() {
        return number.get() != CLOSED;
    }

    /** A second descriptor for the same open file (F_DUPFD_CLOEXEC). */
    public Fd duplicate() throws LinuxException {
        int n = number();
        return new Fd(
                LinuxException.check(
                        Libc.fcntl(n, Libc.F_DUPFD_CLOEXEC, 0), "fcntl F_DUPFD_CLOEXEC fd " + n),
                keeper);
    }

    /**
     * Has this descriptor's number stand for another's open file from now on, at once for whoever
     * uses the number (dup3(2)). What it stood for is closed, and so is the other descriptor.
     */
    public void replaceWith(Fd other) throws LinuxException {
        int n = number();
        LinuxException.check(
                Libc.dup3(other.number(), n, FileSpec.O_CLOEXEC), "dup3 " + other + " to fd " + n);
        other.close();
    }

    /** Gives the number and the duty to close it to the caller. Not of one that a peer gave. */
    public int release() {
        if (keeper != FdKeeper.AT_ONCE) {
            throw new IllegalStateException("a descriptor that a peer gave is its keeper's");
        }
        int n = number.getAndSet(CLOSED);
        if (n == CLOSED) {
            throw new IllegalStateException("this descriptor was closed or released");
        }
        return n;
    }

    /** Closes the descriptor; does nothing the second time. Errors of close(2) are of no use. */
    @Override
    public void close() {
        int n = number.getAndSet(CLOSED);
        if (n != CLOSED) {
            keeper.close(n);
        }
    }

    @Override
    public String toString() {
        int n = number.get();
        return n == CLOSED ? "fd closed" : "fd " + n;
    }
}
