package dev.ringside.metrics.prometheus;

/** A page of the endpoint besides its own. Called on a thread for each client. */
@FunctionalInterface
public interface Page {
    /**
     * Makes the page anew.
     *
     * @throws InterruptedException when the endpoint closes
     */
    Response get() throws InterruptedException;
}
