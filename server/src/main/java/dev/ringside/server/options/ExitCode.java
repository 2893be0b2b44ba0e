package dev.ringside.server.options;

/** What the process ends with; numbers from BSD's sysexits.h where it has one. */
public final class ExitCode {
    /** Did what was asked; also after SIGTERM and SIGINT. */
    public static final int OK = 0;

    /** Ran, and then something failed: the message says what. */
    public static final int FAILED = 1;

    /** EX_SOFTWARE: a bug of ours. */
    public static final int BUG = 70;

    /** EX_CONFIG: the operator asked for what cannot be; nothing was started. */
    public static final int CONFIG = 78;

    /** Added to a signal's number when a second signal ends the process at once. */
    public static final int SIGNAL_BASE = 128;

    private ExitCode() {}
}
