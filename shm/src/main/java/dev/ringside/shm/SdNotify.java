package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Tells the service manager about our state: sd_notify(3), without its library. Any thread. */
public final class SdNotify {
    private static final String VARIABLE = "NOTIFY_SOCKET";

    private SdNotify() {}

    /**
     * Sends a state to the socket that $NOTIFY_SOCKET names, a path or {@code @abstract}.
     *
     * @param state lines of {@code KEY=value}, such as {@code READY=1}
     * @return false when the variable is not set or the message could not be sent
     */
    public static boolean notify(String state) {
        return notify(socket(), state);
    }

    /** What $NOTIFY_SOCKET says; null: it is not set. */
    public static @Nullable String socket() {
        return System.getenv(VARIABLE);
    }

    /**
     * As {@link #notify(String)}, to a socket that another process has been told of.
     *
     * @param socket a path or {@code @abstract}; null: nobody listens
     */
    public static boolean notify(@Nullable String socket, String state) {
        if (socket == null || !(socket.startsWith("/") || socket.startsWith("@"))) {
            return false;
        }
        byte[] name = socket.getBytes(StandardCharsets.UTF_8);
        if (name[0] == '@') {
            name[0] = 0;
        }
        try (Arena arena = Arena.ofConfined();
                Fd fd =
                        Fd.adopt(
                                LinuxException.check(
                                        SocketCalls.socket(
                                                SocketSpec.SOCK_DGRAM | SocketSpec.SOCK_CLOEXEC),
                                        "socket"))) {
            MemorySegment address = SocketCalls.address(arena, name, "notify " + socket);
            byte[] bytes = state.getBytes(StandardCharsets.UTF_8);
            MemorySegment message =
                    arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_BYTE, bytes);
            return SocketCalls.sendto(fd.number(), message, address) == bytes.length;
        } catch (LinuxException e) {
            return false;
        }
    }
}
