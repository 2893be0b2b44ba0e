package dev.ringside.server.cli;

/** What the process ends with; numbers from BSD's sysexits.h where it has one. */
final class ExitCode {
    /** Did what was asked; also after SIGTERM and SIGINT. */
    static final int OK = 0;

    /** Ran, and then something failed: the message says what. */
    static final int FAILED = 1;

    /** EX_SOFTWARE: a bug of ours. */
    static final int BUG = 70;

    /** EX_CONFIG: the operator asked for what cannot be; nothing was started. */
    static final int CONFIG = 78;

    /** Added to a signal's number when a second signal ends the process at once. */
    static final int SIGNAL_BASE = 128;

    private ExitCode() {}
}
