package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import java.util.List;

/** What a {@link Server} serves: opened, attached to the engine, closed. On the main thread. */
interface Served extends AutoCloseable {
    /** Opens storage, ports and the like; what was opened before a failure goes with close. */
    void open(MetricsRegistry registry) throws OperatorException;

    /** Attaches devices to the engine. Sockets come last: who sees one may count on the rest. */
    void attach(Engine engine) throws OperatorException, InterruptedException;

    /** All front-ends have gone and every queue has stopped; the shards still run. */
    default void detach(Engine engine) throws InterruptedException {}

    /** What is not as asked for, or odd, and works. */
    List<String> notes();

    /** What is served, for the ready line. */
    String describe();

    /** Gives back what was opened, after the engine. */
    @Override
    void close();
}
