package dev.ringside.server.control;

import dev.ringside.shm.LinuxException;
import dev.ringside.shm.PeerCredentials;
import dev.ringside.shm.UnixSocket;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who may do what at the control socket: root and the process's own user everything, members of one
 * group, if there is one, may look. Immutable.
 */
public final class Permissions {
    /** No group may look. */
    public static final int NO_GROUP = -1;

    private final int userId;
    private final int readersId;

    private Permissions(int userId, int readersId) {
        this.userId = userId;
        this.readersId = readersId;
    }

    /**
     * Those of this process.
     *
     * @param readersId id of the group whose members may look, or {@link #NO_GROUP}
     */
    public static Permissions ofThisProcess(int readersId) throws LinuxException {
        UnixSocket[] pair = UnixSocket.pair();
        try {
            return new Permissions(pair[0].peer().uid(), readersId);
        } finally {
            pair[0].close();
            pair[1].close();
        }
    }

    /** What whoever connected may do; null: nothing. */
    @Nullable Access of(UnixSocket socket, PeerCredentials peer) throws LinuxException {
        if (peer.uid() == userId || peer.uid() == 0) {
            return Access.CHANGE;
        }
        boolean reads =
                readersId != NO_GROUP
                        && (peer.gid() == readersId
                                || Arrays.stream(socket.peerGroups())
                                        .anyMatch(group -> group == readersId));
        return reads ? Access.READ : null;
    }

    /** Who is heard, for messages. */
    String text() {
        return "only user "
                + userId
                + " and root are heard"
                + (readersId == NO_GROUP ? "" : ", and group " + readersId + " may look");
    }
}
