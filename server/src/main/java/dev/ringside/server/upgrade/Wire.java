package dev.ringside.server.upgrade;

import dev.ringside.server.engine.SavedEndpoint;
import dev.ringside.shm.Fd;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the two processes say to each other. Any change of these records, or of those within, that
 * an older process does not understand needs another {@link #PROTOCOL}.
 */
public final class Wire {
    /** The version of all this. */
    public static final int PROTOCOL = 3;

    /** "upgrade.begin": {@link Begin} to {@link Offer}. Nothing changes yet. */
    static final String BEGIN = "upgrade.begin";

    /** "upgrade.pause": {@link Pause} to {@link State}. The old process stops its queues. */
    static final String PAUSE = "upgrade.pause";

    /** "upgrade.taken": no parameters, no answer. The new process serves. */
    static final String TAKEN = "upgrade.taken";

    private Wire() {}

    /** No parameters. */
    record Nothing() {}

    /**
     * The new process introduces itself.
     *
     * @param protocol {@link #PROTOCOL}
     * @param version of the program, for people
     */
    public record Begin(int protocol, String version) {}

    /**
     * What the new process needs to get ready.
     *
     * @param version of the program that runs
     * @param pid its process
     * @param folder its working directory
     * @param command what it was started as: {@code blk} or {@code net}
     * @param options the options it was given, normalised
     * @param metricsPort where its metrics are; 0: nowhere
     * @param notifySocket where its service manager listens; null: nowhere
     * @param watchdogUs what that waits for a sign of life, microseconds; 0: for ever
     * @param control the listening control socket
     * @param controlFile its file, absolute
     * @param ownership the memory that says who serves
     * @param resources what it has open
     */
    public record Offer(
            String version,
            long pid,
            String folder,
            String command,
            List<String> options,
            int metricsPort,
            @Nullable String notifySocket,
            long watchdogUs,
            Fd control,
            String controlFile,
            Fd ownership,
            List<Resource> resources) {
        /** Keeps lists of its own. */
        public Offer {
            options = List.copyOf(options);
            resources = List.copyOf(resources);
        }
    }

    /**
     * Asks for the pause.
     *
     * @param limitMs when the new process has not taken over so much later, the old one goes on
     */
    public record Pause(long limitMs) {}

    /**
     * Everything at the moment of the pause.
     *
     * @param stoppedAtNs when the first queue was told to stop, CLOCK_MONOTONIC
     * @param endpoints the devices with their sockets
     */
    public record State(long stoppedAtNs, List<SavedEndpoint> endpoints) {
        /** Keeps a list of its own. */
        public State {
            endpoints = List.copyOf(endpoints);
        }
    }
}
