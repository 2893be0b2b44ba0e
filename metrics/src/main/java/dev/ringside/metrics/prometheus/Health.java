package dev.ringside.metrics.prometheus;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What /healthz and /readyz answer. Called on a thread for each client, which it may block for a
 * second or two.
 */
public interface Health {
    /**
     * What broke so that only a restart repairs it, a line for each; empty: nothing.
     *
     * @throws InterruptedException when the endpoint closes
     */
    List<String> failures() throws InterruptedException;

    /** Why front-ends are not being served now; null: they are. */
    @Nullable String notReady();
}
