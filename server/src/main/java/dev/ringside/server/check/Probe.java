package dev.ringside.server.check;

import java.io.IOException;

/** Tries whether a statement holds for a back-end. */
@FunctionalInterface
interface Probe {
    /**
     * Returns when the statement holds.
     *
     * @throws UnmetException when it does not
     * @throws InapplicableException when the back-end lacks what it is about
     * @throws IOException when the back-end hung up, refused or did not answer meanwhile: the
     *     statement does not hold then either
     */
    void run(Target target) throws IOException, UnmetException, InapplicableException;
}
