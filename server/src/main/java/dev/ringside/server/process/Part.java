package dev.ringside.server.process;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.OperatorException;

/** One thing that is served: a disk, a NIC or an uplink. It can come and go while others run. */
interface Part extends Served {
    /** What it was asked to be: two parts whose options equal are alike. */
    Record options();

    /** How messages name it. */
    String title();

    /** Whether it can become what other options say, and its front-end does not notice. */
    default boolean adapts(Record other) {
        return false;
    }

    /** Becomes what options say that it {@link #adapts} to. */
    default void adapt(Record other) {
        throw new IllegalArgumentException(other.toString());
    }

    /** It was attached to a process that serves already. */
    default void begun() throws OperatorException {}

    /**
     * Takes it from the engine: what its guest has asked for is answered, and the front-end is hung
     * up on.
     *
     * @return false when host I/O did not end in time: then it must not be closed
     */
    boolean detach(Engine engine) throws InterruptedException;
}
