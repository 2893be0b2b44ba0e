package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Movable;
import dev.ringside.shm.Sandbox;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@link Server} serves: opened, attached to the engine, closed. On the main thread. */
public interface Served extends Movable, AutoCloseable {
    /**
     * Opens storage, ports and the like; what was opened before a failure goes with close.
     *
     * @param inheritance what the process before had open
     */
    void open(MetricsRegistry registry, Inheritance inheritance) throws OperatorException;

    /** Attaches devices to the engine. Sockets come last: who sees one may count on the rest. */
    void attach(Engine engine) throws OperatorException, InterruptedException;

    /** The disks, NICs and uplinks. */
    List<Part> parts();

    /** The configuration by which the parts can be changed; null: they stay as they are. */
    default @Nullable Reload configuration() {
        return null;
    }

    /** Whether SIGHUP means something else than the end. */
    default boolean hearsHangUp() {
        return false;
    }

    /** Says what is still needed of the host once all is opened and attached. */
    void confine(Sandbox sandbox);

    /** What is not as asked for, or odd, and works. */
    List<String> notes();

    /** What is served, for the ready line. */
    String describe();

    /** Gives back what was opened, after the engine. */
    @Override
    void close();
}
