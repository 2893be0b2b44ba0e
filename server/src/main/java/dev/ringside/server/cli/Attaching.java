package dev.ringside.server.cli;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.SocketSource;
import dev.ringside.shm.Errno;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.io.IOException;
import java.nio.file.FileSystemException;

/** Attaches devices to the engine, and tells the operator why one cannot be. */
final class Attaching {
    private Attaching() {}

    static void attach(Engine engine, VirtioDevice device, SocketSource source)
            throws OperatorException {
        try {
            engine.attach(device, source);
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

    /** The message, which names the socket if it does not yet. */
    private static String named(SocketSource source, IOException e) {
        String message = String.valueOf(e.getMessage());
        String socket = source.description();
        return message.contains(socket) ? message : "socket " + socket + ": " + message;
    }
}
