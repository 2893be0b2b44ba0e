package dev.ringside.server.guest;

import java.io.IOException;
import java.nio.file.Path;

/** A back-end process that serves one disk. */
interface DiskServer extends AutoCloseable {
    /** Starts the back-end under test, or the peer when {@code ringside.guest.peer} says so. */
    static DiskServer start(final DiskSpec spec, final Path socket)
            throws IOException, InterruptedException {
        return isPeer() ? PeerDisk.start(spec, socket) : RingsideDisk.start(spec, socket);
    }

    /** Whether the disks come from the peer: what only Ringside promises is not checked then. */
    static boolean isPeer() {
        return Boolean.getBoolean("ringside.guest.peer");
    }

    /** Where it listens. */
    Path socket();

    /** Sends SIGTERM, waits for the end and returns the exit status. */
    int terminate() throws IOException, InterruptedException;

    /** What it said, for a failure's report. */
    String messages();

    /** Kills it if it still runs. */
    @Override
    void close();
}
