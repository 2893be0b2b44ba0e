package dev.ringside.server.cli;

import java.util.List;

/** The program's entry point. */
public final class Main {
    private Main() {}

    /** Runs one command and ends the process with its exit status. */
    public static void main(String[] arguments) {
        int status = new Cli(System.out, System.err).run(List.of(arguments));
        System.exit(status);
    }
}
