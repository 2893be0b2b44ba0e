package dev.ringside.server.component;

import java.io.IOException;
import java.nio.file.Path;

/** A disk on storage that can be lost, as a server of NFS can. Needs root: it mounts. */
public final class LostStorage implements AutoCloseable {
    /** How what is asked of lost storage fails. */
    public enum Failure {
        /** A medium's error, or a soft mount that has waited long enough. */
        EIO(5),
        /** A server that has forgotten the file. */
        ESTALE(116),
        /** A server that cannot be reached. */
        ETIMEDOUT(110);

        private final int errno;

        Failure(int errno) {
            this.errno = errno;
        }
    }

    private final FuseProcess served;

    /** There, and empty. */
    public LostStorage(Failure failure, Path folder, int diskBytes) throws IOException {
        served = FuseProcess.mount(folder, LostFiles.class, "" + diskBytes, "" + failure.errno);
    }

    /** What Ringside serves. */
    public Path disk() {
        return served.path();
    }

    /** Takes it away. */
    public void lose() throws IOException {
        served.turn("lost");
    }

    /** Brings it back, with what was written before. */
    public void find() throws IOException {
        served.turn("found");
    }

    @Override
    public void close() throws IOException {
        served.close();
    }
}
