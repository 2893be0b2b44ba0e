package dev.ringside.shm;

import java.io.IOException;
import java.util.Objects;

/**
 * A system call failed. The message names the call and its object, the error in words and as a
 * symbol, and, where one is known, the way out:
 *
 * <pre>open /x: No such file or directory (ENOENT)</pre>
 */
public final class LinuxException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    /**
     * A failed call, with nothing to add.
     *
     * @param call the call and what it was made on, {@code "open /x"}
     * @param errno the positive error number
     */
    public LinuxException(String call, int errno) {
        this(call, errno, "");
    }

    /**
     * A failed call, with more to say.
     *
     * @param call the call and what it was made on, {@code "open /x"}
     * @param errno the positive error number
     * @param hint what is wrong in detail or what to do about it; empty for none
     */
    public LinuxException(String call, int errno, String hint) {
        super(
                call
                        + ": "
                        + Errno.text(errno)
                        + " ("
                        + Errno.name(errno)
                        + ")"
                        + (hint.isEmpty() ? "" : ": " + hint));
        this.call = call;
        this.errno = errno;
    }

    /** The message; never null. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** The positive error number, one of {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** The call and what it was made on. */
    public String call() {
        return call;
    }

    /** Throws when {@code result} is a negative error number, else gives it back. */
    static int check(int result, String call) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, -result);
        }
        return result;
    }

    /** Throws when {@code result} is a negative error number, else gives it back. */
    static long check(long result, String call) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, (int) -result);
        }
        return result;
    }
}
