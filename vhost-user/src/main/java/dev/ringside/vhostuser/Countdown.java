package dev.ringside.vhostuser;

/** Several acknowledgements, one for each queue, that are one to whoever waits for them. */
public final class Countdown {
    private Countdown() {}

    /**
     * Something to run so many times, on one thread, upon the last of which {@code done} runs. For
     * a count of 0 that is at once.
     */
    public static Runnable of(int count, Runnable done) {
        if (count == 0) {
            done.run();
        }
        int[] left = {count};
        return () -> {
            if (--left[0] == 0) {
                done.run();
            }
        };
    }
}
