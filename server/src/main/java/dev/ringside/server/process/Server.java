package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.Watchdog;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.MetricsAddress;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServerOptions;
import dev.ringside.server.status.StatusReader;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Successor;
import dev.ringside.shm.TimerSlack;
import java.io.IOException;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One process that serves: puts the parts together in the order that leaves nothing behind when one
 * fails (the sockets come last), and takes them apart again; or hands them over to the process that
 * takes over. Confined to the main thread.
 */
public final class Server implements AutoCloseable {
    /**
     * ZGC's director wakes 100 times a second to see that there is nothing to do: when the
     * processor sleeps it may come late. No other thread of the JVM's may: its VM thread waits with
     * a timer until all have reached a safepoint, and they stand there meanwhile.
     */
    private static final String ZGC_TICKER = "ZDirector";

    private static final long TICKER_SLACK_NS = 50_000_000;

    /** Leaves the rest of the second that SIGTERM may take to the JVM. */
    private static final long DRAIN_MS = 800;

    private final MetricsRegistry registry;
    private final Served served;
    private final Supplier<CommandText> command;
    private final ServerOptions options;
    private final StopSignal stop;
    private @Nullable MetricsServer metrics;
    private @Nullable Engine engine;
    private @Nullable ControlSocket control;
    private String confinement = "";
    private ServiceManager manager = ServiceManager.ofEnvironment();
    private @Nullable Watchdog watchdog;

    /** Host I/O, or another process, uses what this one has: it must end as it is. */
    private boolean untouchable;

    private Server(
            Served served, Supplier<CommandText> command, ServerOptions options, StopSignal stop) {
        this.served = served;
        this.stop = stop;
        this.command = command;
        this.options = options;
        registry = new MetricsRegistry(options.exemplars());
    }

    /**
     * Serves until a signal comes, the last front-end has gone for good, or another process has
     * taken over.
     *
     * @return the exit status
     * @throws OperatorException when it cannot be started; nothing is left behind then
     */
    public static int run(Served served, Supplier<CommandText> command, ServerOptions options)
            throws OperatorException, InterruptedException {
        StopSignal stop = prepare(served, options);
        try (var server = new Server(served, command, options, stop)) {
            return server.serve(server.start());
        }
    }

    /**
     * Goes on serving where another process is; then as {@link #run}.
     *
     * @param limitMs how long guests may wait
     * @throws OperatorException when it cannot take over; the other process goes on then
     */
    public static int takeOver(
            Successor successor,
            Served served,
            Supplier<CommandText> command,
            ServerOptions options,
            long limitMs)
            throws OperatorException, InterruptedException {
        StopSignal stop = prepare(served, options);
        try (var server = new Server(served, command, options, stop)) {
            return server.serve(server.start(successor, limitMs));
        }
    }

    private static StopSignal prepare(Served served, ServerOptions options) {
        TimerSlack.setForThreads(ZGC_TICKER, TICKER_SLACK_NS);
        options.log().apply();
        return StopSignal.install(!served.hearsHangUp());
    }

    private int serve(Engine started) throws InterruptedException {
        String signal = stop.await(started);
        return stop(started, signal);
    }

    private Engine start() throws OperatorException, InterruptedException {
        Confinement.check(options);
        startMetrics(options);
        served.open(registry, Inheritance.none());
        Engine started = startEngine(false);
        attach(started);
        control = ControlSocket.open(controlOf(started), options.control());
        confinement = Confinement.enter(options, served, started, manager.socket(), false);
        started.release();
        serving(started, "");
        return started;
    }

    private Engine start(Successor successor, long limitMs)
            throws OperatorException, InterruptedException {
        TakeOver takeOver = new TakeOver(successor, limitMs);
        if (successor.offer().notifySocket() != null) {
            manager =
                    new ServiceManager(
                            successor.offer().notifySocket(), successor.offer().watchdogUs());
        }
        Confinement.check(options);
        served.open(registry, takeOver.inheritance());
        Engine started = startEngine(true);
        served.attach(started);
        OperatorState.restore(takeOver.inheritance(), started, served);
        ServerOptions sameMetrics = options.withMetricsPort(successor.offer().metricsPort());
        confinement = Confinement.enter(sameMetrics, served, started, manager.socket(), true);
        String pause = takeOver.run(started, served);
        // An upgrade comes by the control socket, so there is one.
        control =
                ControlSocket.takenOver(
                        controlOf(started),
                        Objects.requireNonNull(options.control()),
                        takeOver.controlSocket());
        takeOver.awaitEnd();
        try {
            startMetrics(sameMetrics);
        } catch (OperatorException e) {
            Log.about("metrics").warn("no metrics: " + e.getMessage());
        }
        serving(started, pause);
        return started;
    }

    private ControlSocket.Context controlOf(Engine started) {
        return new ControlSocket.Context(
                started,
                served,
                registry,
                command,
                () -> metrics == null ? 0 : metrics.port(),
                manager,
                () -> stop.ask("ringside ctl shutdown"));
    }

    private void startMetrics(ServerOptions asked) throws OperatorException {
        MetricsAddress address = asked.metrics();
        if (address != null) {
            metrics = MetricsServer.start(address, registry);
        }
    }

    private Engine startEngine(boolean frozen) throws OperatorException {
        try {
            Engine started =
                    frozen
                            ? Engine.startFrozen(options.engineConfig(), registry)
                            : Engine.startHeld(options.engineConfig(), registry);
            engine = started;
            return started;
        } catch (IOException e) {
            throw new OperatorException("the threads cannot start: " + e.getMessage(), e);
        }
    }

    private void attach(Engine started) throws OperatorException, InterruptedException {
        try {
            served.thaw(started);
            served.attach(started);
        } catch (OperatorException | RuntimeException e) {
            // The sockets of the devices before the one that failed.
            untouchable = !started.shutdown(DRAIN_MS);
            freeze(started);
            throw e;
        }
    }

    /** Tells the operator, the metrics' readers and the service manager. */
    private void serving(Engine started, String how) {
        // Both take a while: guests are served meanwhile.
        HeapRoom.watch();
        ProgramFiles.hold();
        MetricsServer endpoint = metrics;
        if (endpoint != null) {
            endpoint.serving(started, new StatusReader(started, registry, Version.text()));
        }
        served.notes().forEach(note -> Log.about("note").info("note: " + note));
        Log.about("ready")
                .info(
                        "ready: "
                                + how
                                + served.describe()
                                + "; "
                                + options.threads().describe()
                                + (endpoint == null
                                        ? "; no metrics"
                                        : "; metrics " + endpoint.url())
                                + confinement);
        manager.tell("READY=1");
        watchdog = manager.watch(started);
    }

    private void freeze(Engine started) throws InterruptedException {
        if (!untouchable) {
            served.freeze(started);
        }
    }

    private int stop(Engine started, @Nullable String signal) throws InterruptedException {
        ControlSocket listening = control;
        if (listening != null && !listening.stop()) {
            return handedOver(listening.successor());
        }
        manager.tell("STOPPING=1");
        untouchable = !started.shutdown(DRAIN_MS);
        if (untouchable) {
            Log.about("stop")
                    .warn(
                            signal
                                    + ": host I/O did not finish within "
                                    + DRAIN_MS
                                    + " ms; what the guest had no answer for is lost");
            return ExitCode.FAILED;
        }
        freeze(started);
        Log.about("stop")
                .info(
                        "stopped: "
                                + (signal == null ? "the front-end hung up" : signal)
                                + ", every request taken was answered");
        return ExitCode.OK;
    }

    /** Everything is the other process's: this one ends without touching it. */
    private int handedOver(long pid) {
        untouchable = true;
        // Before this one ends: the service manager would take that for the end of the service.
        manager.tell("MAINPID=" + pid);
        Log.about("stop").info("stopped: process " + pid + " has taken over");
        return ExitCode.OK;
    }

    @Override
    public void close() {
        if (watchdog != null) {
            watchdog.close();
        }
        // With host I/O still under way neither its memory nor its files may go away: the kernel
        // takes them back when the process ends, in the right order.
        if (untouchable) {
            return;
        }
        if (control != null) {
            control.close();
        }
        if (engine != null) {
            engine.close();
        }
        served.close();
        if (metrics != null) {
            metrics.close();
        }
    }
}
