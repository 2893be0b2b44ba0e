package dev.ringside.bench.compare;

import java.io.IOException;

/** What sleeps until it is woken, and answers then. */
interface Sleeper {
    /**
     * Wakes it and spins until its answer is there.
     *
     * @throws IOException when there is none for seconds
     */
    void wake() throws IOException;
}
