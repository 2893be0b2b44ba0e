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

    private Fd(int number) {
        this.number = new AtomicInteger(number);
    }

    /**
     * Takes over the duty to close a descriptor.
     *
     * @throws IllegalArgumentException if the number is negative
     */
    public static Fd adopt(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("fd " + number + ": a descriptor is not negative");
        }
        return new Fd(number);
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
                        Libc.fcntl(n, Libc.F_DUPFD_CLOEXEC, 0), "fcntl F_DUPFD_CLOEXEC fd " + n));
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

    /** Gives the number and the duty to close it to the caller. */
    public int release() {
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
            Libc.close(n);
        }
    }

    @Override
    public String toString() {
        int n = number.get();
        return n == CLOSED ? "fd closed" : "fd " + n;
    }
}
