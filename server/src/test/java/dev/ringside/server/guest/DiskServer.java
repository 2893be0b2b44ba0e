package dev.ringside.server.guest;

import java.io.IOException;
import java.nio.file.Path;

/** A back-end process that serves one disk. */
interface DiskServer extends BackEnd {
    /** Starts the back-end under test, or the peer when {@code ringside.guest.peer} says so. */
    static DiskServer start(final DiskSpec spec, final Path socket)
            throws IOException, InterruptedException {
        return BackEnd.isPeer() ? PeerDisk.start(spec, socket) : RingsideDisk.start(spec, socket);
    }

    /** Where it listens. */
    Path socket();
}
