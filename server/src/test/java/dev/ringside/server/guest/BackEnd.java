package dev.ringside.server.guest;

import java.io.IOException;

/** A back-end process. */
interface BackEnd extends AutoCloseable {
    /** Whether the peer serves instead: what only Ringside promises is not checked then. */
    static boolean isPeer() {
        return Boolean.getBoolean("ringside.guest.peer");
    }

    /** Sends SIGTERM, waits for the end and returns the exit status. */
    int terminate() throws IOException, InterruptedException;

    /** What it said, for a failure's report. */
    String messages();

    /** Kills it if it still runs. */
    @Override
    void close();
}
