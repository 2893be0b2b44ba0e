package dev.ringside.shm;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Descriptors that came with a message, in order. What is not taken is closed by {@link #close}, so
 * that no message can leak one. One thread at a time.
 */
public final class ReceivedFds implements AutoCloseable {
    private final List<@Nullable Fd> fds = new ArrayList<>();

    /** Holds nothing yet. */
    public ReceivedFds() {}

    /** Holds the given ones and owns them from now on. */
    public static ReceivedFds of(List<Fd> fds) {
        ReceivedFds received = new ReceivedFds();
        received.fds.addAll(fds);
        return received;
    }

    /** Appends one and owns it from now on. */
    public void add(Fd fd) {
        fds.add(fd);
    }

    /** How many came, whether taken or not. */
    public int count() {
        return fds.size();
    }

    /**
     * Hands the i-th to the caller, who must close it.
     *
     * @throws IndexOutOfBoundsException when fewer came
     * @throws IllegalStateException when it was taken before
     */
    public Fd take(int i) {
        Fd fd = fds.set(Objects.checkIndex(i, fds.size()), null);
        if (fd == null) {
            throw new IllegalStateException("descriptor " + i + " of the message was taken before");
        }
        return fd;
    }

    /** Closes what was not taken and forgets all: the object can be used again. */
    @Override
    public void close() {
        for (Fd fd : fds) {
            if (fd != null) {
                fd.close();
            }
        }
        fds.clear();
    }
}
