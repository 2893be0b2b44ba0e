package dev.ringside.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A program that serves a disk by vhost-user, and how it is told to. */
interface DiskProgram {
    /** What the tables call it. */
    String title();

    /** The same where a column has little room. */
    default String column() {
        return title();
    }

    /** What its socket, its image and its log are called. */
    default String fileName() {
        return column().toLowerCase(Locale.ROOT);
    }

    /** Whether it has such a storage. */
    boolean serves(Storage storage);

    /** Queues that it offers and front-ends start. */
    default int queues() {
        return 1;
    }

    /** Huge pages that it and the front-ends need; 0 when any memory will do. */
    default int hugePagesMib() {
        return 0;
    }

    /**
     * The command line; what it reads besides is written by this.
     *
     * @param image what is served, where the storage has a file
     * @param socket where it is to listen
     * @param cpu the processor on which it runs
     */
    List<String> command(Storage storage, Path image, Path socket, int cpu) throws IOException;

    /**
     * The command line that serves a null disk at each of these sockets; they lie in one folder.
     */
    List<String> many(List<Path> sockets, int cpu) throws IOException;
}
