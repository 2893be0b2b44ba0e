package dev.ringside.server.options;

import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.SlowLimits;
import dev.ringside.vhostuser.SessionLimits;
import org.jspecify.annotations.Nullable;

/**
 * What every process that serves was asked for, whatever it serves.
 *
 * @param threads the polling threads
 * @param metrics where /metrics is served; null: nowhere
 * @param control the control socket; null: none
 * @param sandbox whether the process gives up what it does not need
 * @param limits what each front-end may take
 * @param exemplars whether histograms keep them
 * @param slow what takes so long that it is worth to be told of
 * @param log what the log is to be like
 */
public record ServerOptions(
        ThreadOptions threads,
        @Nullable MetricsAddress metrics,
        @Nullable ControlOptions control,
        boolean sandbox,
        SessionLimits limits,
        boolean exemplars,
        SlowLimits slow,
        LogOptions log) {
    private static final int MAX_SLOW_MS = 3_600_000;

    /**
     * Checks the options.
     *
     * @param allowedCpus the processors that this process may use
     */
    public static ServerOptions parse(Given given, int[] allowedCpus) throws OperatorException {
        return new ServerOptions(
                ThreadOptions.parse(given, allowedCpus),
                MetricsAddress.parse(given),
                ControlOptions.parse(given),
                given.has(ServeSyntax.SANDBOX),
                LimitOptions.parse(given),
                given.has(ServeSyntax.EXEMPLARS),
                slow(given),
                LogOptions.parse(given));
    }

    /** What a process is without any option. */
    public static ServerOptions defaults() {
        return new ServerOptions(
                ThreadOptions.defaults(),
                null,
                null,
                false,
                SessionLimits.defaults(),
                false,
                SlowLimits.defaults(),
                LogOptions.defaults());
    }

    private static SlowLimits slow(Given given) throws OperatorException {
        return SlowLimits.ofMillis(
                given.integer(ServeSyntax.SLOW_TURN_MS, SlowLimits.DEFAULT_TURN_MS, 1, MAX_SLOW_MS),
                given.integer(
                        ServeSyntax.SLOW_REQUEST_MS,
                        SlowLimits.DEFAULT_REQUEST_MS,
                        1,
                        MAX_SLOW_MS));
    }

    /** The same for the engine. */
    public EngineConfig engineConfig() {
        return threads.engineConfig().withLimits(limits).withSlow(slow);
    }

    /** The same with metrics at another port. */
    public ServerOptions withMetricsPort(int port) {
        MetricsAddress address = metrics;
        return address == null
                ? this
                : new ServerOptions(
                        threads,
                        new MetricsAddress(address.host(), port, address.clients()),
                        control,
                        sandbox,
                        limits,
                        exemplars,
                        slow,
                        log);
    }
}
