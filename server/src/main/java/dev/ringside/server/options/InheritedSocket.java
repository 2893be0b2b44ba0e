package dev.ringside.server.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks {@code --fd} before anything takes the descriptor over. */
final class InheritedSocket {
    private static final int MAX_FD = 1_048_576;

    private InheritedSocket() {}

    /** The number that a socket has in the process that is taken over. */
    static int elsewhere(String option, String text) throws OperatorException {
        return Values.integer(option, text, 0, MAX_FD);
    }

    /**
     * The number, when an open socket has it. A wrong number may be a file that the JVM itself
     * opened: taking it over and closing it would break this process.
     */
    static int number(String option, String text) throws OperatorException {
        int number = Values.integer(option, text, 0, MAX_FD);
        String target;
        try {
            target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + number)).toString();
        } catch (IOException e) {
            throw new OperatorException(
                    Values.given(option, text)
                            + " is not open in this process: the parent must pass it on, without"
                            + " FD_CLOEXEC",
                    e);
        }
        if (!target.startsWith("socket:")) {
            throw new OperatorException(
                    Values.given(option, text)
                            + " is not a socket but "
                            + target
                            + ": pass a listening or connected unix stream socket");
        }
        return number;
    }
}
