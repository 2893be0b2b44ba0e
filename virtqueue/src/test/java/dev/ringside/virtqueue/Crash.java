package dev.ringside.virtqueue;

/** What a test throws at a {@link CrashPoint}: memory stays as it is, the queue is lost. */
final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Crash() {
        super("crash", null, false, false);
    }

    /** Counts the places that are reached, and crashes at one of them. */
    static final class Plan implements AutoCloseable {
        private long left;
        private long reached;

        /** Crashes at the {@code at}-th place from now on, counted from 1; 0: never. */
        Plan(long at) {
            left = at;
            CrashPoint.onReached(this::reach);
        }

        private void reach() {
            reached++;
            if (left > 0 && --left == 0) {
                throw new Crash();
            }
        }

        long reached() {
            return reached;
        }

        @Override
        public void close() {
            CrashPoint.onReached(null);
        }
    }
}
