package dev.ringside.vhostuser;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.virtqueue.IotlbCounter;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.Virtqueue;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a session needs from the process around it: the socket and the queues' threads.
 *
 * <p>The session calls every method on its own thread, the conductor. A {@code done} must run
 * exactly once, on that thread: at once, inside the call, or later. A session has at most one
 * acknowledgement outstanding, but for those of the queues that it parks or unparks.
 * Acknowledgements after {@link VhostUserSession#close} are welcome and change nothing.
 *
 * <p>The calls about one queue are legal in this order only: {@code startQueue} when it is stopped,
 * the others when it is started. A queue that stopped itself ({@link
 * VhostUserSession#queueFaulted}) counts as started until it is stopped.
 */
public interface SessionHost {
    /**
     * Sends a whole message on the session's socket, after those before it.
     *
     * @param fds descriptors to pass along; ownership moves to the host
     */
    void send(byte[] message, List<Fd> fds);

    /** Sends a whole message on the back-end channel. Only called while there is one. */
    void sendBackendRequest(byte[] message);

    /**
     * Gives the host the channel for back-end requests.
     *
     * @param fd ownership moves to the host, which closes the channel before; null: no channel
     */
    void setBackendChannel(@Nullable Fd fd);

    /** Runs a queue, looks at its ring once, and sends one spurious call. */
    void startQueue(QueueStart start, Runnable done);

    /**
     * Ends a queue in stages: takes nothing more, finishes what is in flight, publishes, calls, and
     * only then hands the queue back. The eventfds are not used any more afterwards.
     */
    void stopQueue(int index, Consumer<Virtqueue> done);

    /** Lets a started queue take from its ring or not; when enabled, looks at the ring once. */
    void enableQueue(int index, boolean enabled, Runnable done);

    /** Changes a started queue's call; the one before is not used any more after {@code done}. */
    void setCall(int index, @Nullable EventFd call, Runnable done);

    /** Changes a started queue's kick, and looks at the ring once; null: poll. */
    void setKick(int index, @Nullable EventFd kick, Runnable done);

    /** Changes a started queue's error signal. */
    void setErr(int index, @Nullable EventFd err, Runnable done);

    /**
     * Gives all started queues the new memory and sends each one spurious call. Only called when a
     * queue is started.
     *
     * @param mappingsRemoved true: mappings of the memory before go away after {@code done}: drain
     *     the queues first, and touch the memory before not any more
     */
    void replaceMemory(GuestMemory memory, boolean mappingsRemoved, Runnable done);

    /**
     * Gives each started queue what it logs from now on, by its index; a queue that logged nothing
     * before is drained first. Acknowledges when none uses the log before any more. Only called
     * when a queue is started.
     */
    void setQueueLogs(IntFunction<@Nullable QueueLog> logs, Runnable done);

    /**
     * Gives a started queue other translations, of which none was taken back. Not acknowledged:
     * what is called later happens later.
     */
    void translate(int index, GuestMemory memory);

    /**
     * Gives all started queues other translations, in which a range is missing or different.
     * Acknowledges when all have them, and when what was in flight in that range is done. Only
     * called when a queue is started.
     *
     * @param first first address of the range, an I/O virtual address
     * @param last its last one, unsigned not below the first
     */
    void invalidate(GuestMemory memory, long first, long last, Runnable done);

    /** Stops a started queue for good: the IOMMU does not allow what it needs. */
    void denyAccess(int index);

    /** Runs something on the session's thread, unless the session is over by then. Any thread. */
    void post(Runnable task);

    /** Counts something. */
    default void count(IotlbCounter counter) {}

    /** Told how many translations there are, whenever they change. */
    default void translations(int entries) {}

    /**
     * The driver wrote the configuration space. Acknowledges when every started queue has finished
     * what it began before, by the new configuration: a write cache that is switched off is empty.
     */
    default void configWritten(Runnable done) {
        done.run();
    }

    /**
     * Runs something whenever a pipe or socket can be read or written, until {@link
     * #unwatchTransfer}. At most one is watched at a time.
     */
    void watchTransfer(int fd, boolean toWrite, Runnable ready);

    /** Ends {@link #watchTransfer}; the descriptor may be closed then. */
    void unwatchTransfer();

    /**
     * Makes a userfaultfd for a front-end's postcopy migration, one without power over this process
     * ({@link dev.ringside.shm.InertFaultFd}).
     *
     * @param done gets it, and owns it; null: there is none to be had, and the log says why
     */
    void makeFaultFd(Consumer<@Nullable Fd> done);

    /** Resets the device. Every queue is stopped. */
    void deviceReset();

    /**
     * Told when a request was refused and the session lives on, for a log: the front-end got an
     * error as the answer, or would not have looked at one.
     */
    default void refused(String reason) {}

    /** Told what an operator should know of the device, for a log. */
    default void warn(String news) {}
}
