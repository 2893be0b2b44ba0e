package dev.ringside.shm;

/**
 * How late the kernel may wake a thread that waits for a time, so that it need not wake a processor
 * just for that (PR_SET_TIMERSLACK of prctl(2)). Concerns the calling thread, and those that it
 * makes from then on.
 */
public final class TimerSlack {
    static final int PR_SET_TIMERSLACK = 29;

    private TimerSlack() {}

    /**
     * Sets it.
     *
     * @param slackNs nanoseconds, more than 0; the kernel's own default is 50 us
     */
    public static void setForCurrentThread(long slackNs) {
        if (slackNs <= 0) {
            throw new IllegalArgumentException("timer slack " + slackNs + " ns is not above 0");
        }
        int result = Libc.prctl(PR_SET_TIMERSLACK, slackNs);
        if (result < 0) {
            throw new IllegalStateException(
                    "prctl PR_SET_TIMERSLACK " + slackNs + ": " + Errno.name(-result));
        }
    }
}
