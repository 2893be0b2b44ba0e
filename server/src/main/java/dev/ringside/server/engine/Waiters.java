package dev.ringside.server.engine;

import org.jspecify.annotations.Nullable;

/** Who wait for the same thing, and are told in their order. Confined to the shard. */
final class Waiters {
    private @Nullable Runnable all;

    boolean isEmpty() {
        return all == null;
    }

    /** One more; the others come first. */
    void add(final Runnable next) {
        final Runnable first = all;
        all =
                first == null
                        ? next
                        : () -> {
                            first.run();
                            next.run();
                        };
    }

    /** It has come: all of them run, and are forgotten before. */
    void tell() {
        final Runnable now = all;
        all = null;
        if (now != null) {
            now.run();
        }
    }
}
