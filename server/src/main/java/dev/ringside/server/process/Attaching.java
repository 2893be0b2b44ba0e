package dev.ringside.server.process;

import dev.ringside.server.engine.DeviceHandle;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.options.OperatorException;
import dev.ringside.shm.Errno;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.io.IOException;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/** Attaches devices to the engine, and tells the operator why one cannot be. */
final class Attaching {
    private Attaching() {}

    /** Room for what a device has under way to be answered. */
    private static final long DRAIN_MS = 5_000;

    static DeviceHandle attach(Engine engine, VirtioDevice device, SocketSource source)
            throws OperatorException {
        try {
            return engine.attach(device, source);
        } catch (LinuxException e) {
            String way =
                    e.errno() == Errno.EACCES
                            ? ": choose a directory that this user may write to"
                            : "";
            throw new OperatorException(named(source, e) + way, e);
        } catch (FileSystemException e) {
            throw new OperatorException(
                    "the socket file "
                            + e.getFile()
                            + " cannot get its mode or owner: "
                            + e.getReason()
                            + ": give a --socket-mode and --socket-owner that this user may set",
                    e);
        } catch (IOException e) {
            throw new OperatorException(named(source, e), e);
        }
    }

    /**
     * Takes a device from the engine again.
     *
     * @param attached null: it was not attached
     * @return false when its host I/O does not end
     */
    static boolean detach(Engine engine, @Nullable DeviceHandle attached)
            throws InterruptedException {
        return attached == null || engine.detach(attached, DRAIN_MS);
    }

    /** The message, which names the socket if it does not yet. */
    private static String named(SocketSource source, IOException e) {
        String message = String.valueOf(e.getMessage());
        String socket = source.description();
        return message.contains(socket) ? message : "socket " + socket + ": " + message;
    }
}
