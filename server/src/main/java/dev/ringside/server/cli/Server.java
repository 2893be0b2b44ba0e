package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.shm.SdNotify;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * One process that serves: puts the parts together in the order that leaves nothing behind when one
 * fails (the sockets come last), and takes them apart again. Confined to the main thread.
 */
final class Server implements AutoCloseable {
    /** Leaves the rest of the second that SIGTERM may take to the JVM. */
    private static final long DRAIN_MS = 800;

    private final MetricsRegistry registry = new MetricsRegistry();
    private final Served served;
    private @Nullable MetricsServer metrics;
    private @Nullable Engine engine;
    private boolean drained = true;

    private Server(Served served) {
        this.served = served;
    }

    /**
     * Serves until a signal comes or the last front-end has gone for good.
     *
     * @return the exit status
     * @throws OperatorException when it cannot be started; nothing is left behind then
     */
    static int run(
            Served served, ThreadOptions threads, @Nullable MetricsAddress address, PrintStream err)
            throws OperatorException, InterruptedException {
        StopSignal stop = StopSignal.install();
        try (var server = new Server(served)) {
            Engine engine = server.start(threads, address, err);
            String signal = stop.await(engine);
            return server.stop(engine, signal, err);
        }
    }

    private Engine start(ThreadOptions threads, @Nullable MetricsAddress address, PrintStream err)
            throws OperatorException, InterruptedException {
        MetricsServer endpoint = address == null ? null : MetricsServer.start(address, registry);
        metrics = endpoint;
        served.open(registry);
        Engine started = startEngine(threads);
        engine = started;
        attach(started);
        if (endpoint != null) {
            endpoint.serving(started);
        }
        for (String note : served.notes()) {
            err.println("ringside: note: " + Text.oneLine(note));
        }
        err.println(
                "ringside: ready: "
                        + Text.oneLine(
                                served.describe()
                                        + "; "
                                        + threads.describe()
                                        + (endpoint == null
                                                ? "; no metrics"
                                                : "; metrics " + endpoint.url())));
        err.flush();
        boolean unused = SdNotify.notify("READY=1");
        return started;
    }

    private Engine startEngine(ThreadOptions threads) throws OperatorException {
        try {
            return Engine.start(threads.engineConfig(), registry);
        } catch (IOException e) {
            throw new OperatorException("the threads cannot start: " + e.getMessage(), e);
        }
    }

    private void attach(Engine started) throws OperatorException, InterruptedException {
        try {
            served.attach(started);
        } catch (OperatorException | RuntimeException e) {
            // The sockets of the devices before the one that failed.
            drained = started.shutdown(DRAIN_MS);
            detach(started);
            throw e;
        }
    }

    private void detach(Engine started) throws InterruptedException {
        if (drained) {
            served.detach(started);
        }
    }

    private int stop(Engine started, @Nullable String signal, PrintStream err)
            throws InterruptedException {
        boolean unused = SdNotify.notify("STOPPING=1");
        drained = started.shutdown(DRAIN_MS);
        if (!drained) {
            err.println(
                    "ringside: warning: "
                            + signal
                            + ": host I/O did not finish within "
                            + DRAIN_MS
                            + " ms; what the guest had no answer for is lost");
            return ExitCode.FAILED;
        }
        detach(started);
        err.println(
                "ringside: stopped: "
                        + (signal == null ? "the front-end hung up" : signal)
                        + ", every request taken was answered");
        return ExitCode.OK;
    }

    @Override
    public void close() {
        // With host I/O still under way neither its memory nor its files may go away: the kernel
        // takes them back when the process ends, in the right order.
        if (engine != null && drained) {
            engine.close();
        }
        if (drained) {
            served.close();
        }
        if (metrics != null) {
            metrics.close();
        }
    }
}
