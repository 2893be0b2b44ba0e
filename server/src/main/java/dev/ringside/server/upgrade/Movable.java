package dev.ringside.server.upgrade;

import dev.ringside.server.engine.Engine;
import java.util.List;

/** What a process serves, as far as it can move to another one. Off the engine's threads. */
public interface Movable {
    /**
     * Wants it to stay as it is.
     *
     * @return false when it is being changed, or moved, already
     */
    default boolean hold() {
        return true;
    }

    /** It may be changed again. */
    default void release() {}

    /** What the next process needs to open the same things; descriptors stay this one's. */
    List<Resource> resources();

    /** Every queue is about to be stopped for a while: who is beyond it is not to notice. */
    default void beforeFreeze() {}

    /** Every queue is stopped: lets go of what only one process can use at a time. */
    default void freeze(Engine engine) throws InterruptedException {}

    /** Takes up again what the others let go of, before the queues go on. */
    default void thaw(Engine engine) throws InterruptedException {}
}
