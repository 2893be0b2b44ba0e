package dev.ringside.metrics.prometheus;

/** What /healthz and /readyz answer. Called on HTTP threads: must not block. */
public interface Health {
    /** False once something broke that only a restart repairs. */
    boolean healthy();

    /** Whether front-ends are being served now. */
    boolean ready();
}
