package dev.ringside.server.demo;

/** What every child process here needs. */
final class Processes {
    private Processes() {}

    /** Kills a process and waits until it is gone, even when the caller is interrupted. */
    static void kill(final Process process) {
        process.destroyForcibly();
        boolean interrupted = false;
        while (true) {
            try {
                process.waitFor();
                break;
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
