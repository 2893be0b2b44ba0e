package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/**
 * A userfaultfd(2) without power. Whoever holds such a descriptor may have the memory of the
 * process that made it wait, and may fill it: a front-end must never get one of ours. So a process
 * that does nothing else makes it ({@link #main}), sends it and ends: of an address space that is
 * gone nothing can be registered or filled, while waking, all that a front-end does with ours,
 * succeeds.
 */
public final class InertFaultFd {
    private InertFaultFd() {}

    /**
     * What a process made for this does: makes a descriptor of its own address space, and sends it.
     *
     * @param arguments the path of a listening unix socket
     */
    public static void main(String[] arguments) throws LinuxException {
        try (UnixSocket socket = UnixSocket.connect(Path.of(arguments[0]));
                UserFaultFd made = UserFaultFd.create(0);
                Arena arena = Arena.ofConfined()) {
            socket.send(arena.allocate(1), List.of(made.fd()));
        }
    }
}
