package dev.ringside.shm;

/**
 * Closes descriptors that a peer gave, and knows how many are open. close(2) of such a one may take
 * as long as the peer likes: of a file of its own file system (FUSE), of a socket that lingers. Any
 * thread calls it; none may be kept waiting.
 */
public interface FdKeeper {
    /** Knows nothing, and closes at once: for peers that are trusted. */
    FdKeeper AT_ONCE =
            new FdKeeper() {
                @Override
                public void opened() {}

                @Override
                public void close(int number) {
                    Libc.close(number);
                }
            };

    /** One more is open. */
    void opened();

    /** Closes one, now or later; its number is not used again before. */
    void close(int number);
}
