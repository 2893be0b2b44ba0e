package dev.ringside.server.control;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricName;
import dev.ringside.metrics.MetricsRegistry;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How many clients a control socket has, and may have. Those that may only look get at most half of
 * the places: they cannot lock out who runs the process. One thread admits; any thread may leave.
 */
public final class ControlClients implements AutoCloseable {
    private final int most;
    private final AtomicInteger present = new AtomicInteger();
    private final AtomicInteger readers = new AtomicInteger();
    private final Counters<Counter> counters = new Counters<>(Counter.class);
    private final MetricsRegistry.Registration counted;
    private final MetricsRegistry.Registration shown;
    private final MetricsRegistry.Registration limit;

    /** What is counted of them. */
    private enum Counter implements MetricName {
        TURNED_AWAY(
                "ringside_control_turned_away_total",
                "Clients of the control socket that came when there were too many already.");

        private final String metricName;
        private final String help;

        Counter(String metricName, String help) {
            this.metricName = metricName;
            this.help = help;
        }

        @Override
        public String metricName() {
            return metricName;
        }

        @Override
        public String help() {
            return help;
        }
    }

    /**
     * Nobody yet.
     *
     * @param most of them at a time, at least 2
     * @param registry shows their number until this is closed
     */
    public ControlClients(int most, MetricsRegistry registry) {
        this.most = most;
        counted = registry.register(Map.of(), counters);
        shown =
                registry.gauge(
                        "ringside_control_clients",
                        "Clients of the control socket that are connected.",
                        Map.of(),
                        present::get);
        limit =
                registry.gauge(
                        "ringside_control_clients_limit",
                        "Most clients of the control socket at a time.",
                        Map.of(),
                        () -> most);
    }

    /** Takes one more in; null, or why there is no place for it. */
    @Nullable String admit(Access access) {
        String refusal = refusal(access);
        if (refusal == null) {
            present.incrementAndGet();
            readers.addAndGet(isReader(access));
        } else {
            counters.increment(Counter.TURNED_AWAY);
        }
        return refusal;
    }

    private @Nullable String refusal(Access access) {
        if (present.get() >= most) {
            return "there are " + most + " already (--control-clients)";
        }
        return isReader(access) > 0 && readers.get() >= most / 2
                ? "there are "
                        + most / 2
                        + " already that may only look (half of --control-clients)"
                : null;
    }

    /** One that was taken in has gone. */
    void leave(Access access) {
        readers.addAndGet(-isReader(access));
        present.decrementAndGet();
    }

    private static int isReader(Access access) {
        return access == Access.READ ? 1 : 0;
    }

    /** Their number is not shown any more. */
    @Override
    public void close() {
        counted.close();
        shown.close();
        limit.close();
    }
}
