package dev.ringside.virtio.net.port.packet;

import dev.ringside.shm.LinuxException;
import dev.ringside.shm.PacketSocket;

/**
 * The sockets of a port that share an interface's flows. Control executor only.
 *
 * <p>A kernel's group lasts as long as one of its sockets does, and nothing tells when the last one
 * has left: so a group that was made once is joined by its number, and made again if it is gone.
 */
final class FanoutGroup {
    private final boolean needed;
    private int group = PacketSocket.NEW_GROUP;

    /**
     * A group.
     *
     * @param needed whether there is more than one socket
     */
    FanoutGroup(boolean needed) {
        this.needed = needed;
    }

    /** Takes a socket in; without more than one there is nothing to share. */
    void join(PacketSocket socket) throws LinuxException {
        if (needed) {
            group = socket.join(group);
        }
    }
}
