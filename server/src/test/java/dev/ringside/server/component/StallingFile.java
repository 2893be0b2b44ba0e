package dev.ringside.server.component;

import dev.ringside.shm.Fd;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;

/**
 * An open file of a file system that does not answer. Closing it lets everybody go who waits for an
 * answer.
 */
final class StallingFile implements AutoCloseable {
    private final FuseProcess served;
    private final FileInputStream open;
    private final Fd fd;

    private StallingFile(final FuseProcess served) throws IOException {
        this.served = served;
        open = new FileInputStream(served.path().toFile());
        fd = Fd.adopt(FuseFiles.number(served.path().toString()));
        served.turn("stalls");
    }

    static StallingFile mount(final Path folder) throws IOException {
        return new StallingFile(FuseProcess.mount(folder, StallingFiles.class));
    }

    /** To be sent to whom shall wait; never to be closed. */
    Fd fd() {
        return fd;
    }

    /** Returns as soon as somebody waits for an answer. */
    void awaitStall() throws IOException {
        served.awaitTold();
    }

    @Override
    public void close() throws IOException {
        served.turn("answers");
        open.close();
        served.close();
    }
}
