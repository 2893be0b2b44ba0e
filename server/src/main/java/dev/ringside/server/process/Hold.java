package dev.ringside.server.process;

/** Whether somebody changes, or moves, what is served: one at a time. Any thread. */
final class Hold {
    private boolean held;

    /** Takes it; false: somebody has it. */
    synchronized boolean take() {
        boolean free = !held;
        held = true;
        return free;
    }

    /** Gives it back. */
    synchronized void release() {
        held = false;
    }
}
