package dev.ringside.server.top;

import dev.ringside.server.engine.DeviceStatus;
import dev.ringside.server.engine.QueueStatus;
import dev.ringside.server.options.Amount;
import dev.ringside.server.options.Text;
import dev.ringside.server.options.TextTable;
import dev.ringside.server.status.ActivityRates;
import dev.ringside.server.status.DeviceActivity;
import dev.ringside.server.status.ServerStatus;
import dev.ringside.server.status.ShardActivity;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the view shows of a process: the difference of two statuses, as lines. */
final class TopFrame {
    private static final double NS_PER_SECOND = 1e9;
    private static final long SECONDS_PER_HOUR = 3_600;
    private static final List<String> STATES =
            List.of("running", "disabled", "paused", "waiting", "broken");

    private final ServerStatus before;
    private final ServerStatus now;
    private final long elapsedNs;

    /**
     * Compares two statuses of one process.
     *
     * @param before the earlier one
     */
    TopFrame(ServerStatus before, ServerStatus now) {
        this.before = before;
        this.now = now;
        elapsedNs = Math.max(1, now.clockNs() - before.clockNs());
    }

    /** All lines; no line contains a control character. */
    List<String> lines() {
        return Stream.of(
                        List.of(title(), ""),
                        shards(),
                        List.of(""),
                        devices(),
                        wrong().isEmpty() ? List.<String>of() : List.of("", "stopped, and why:"),
                        wrong())
                .flatMap(List::stream)
                .map(Text::oneLine)
                .toList();
    }

    private String title() {
        String notReady = now.notReady();
        return "ringside "
                + now.version()
                + ", process "
                + now.pid()
                + ", up "
                + up(now.upSeconds())
                + ": "
                + (!now.failures().isEmpty()
                        ? "failed"
                        : notReady == null ? "serving" : "not ready: " + notReady);
    }

    private static String up(long seconds) {
        return seconds < 2 * SECONDS_PER_HOUR
                ? seconds / 60 + " min"
                : seconds / SECONDS_PER_HOUR + " h";
    }

    private List<String> shards() {
        TextTable table =
                new TextTable(
                        "SHARD",
                        "WORKS",
                        "SPINS",
                        "SLEEPS",
                        "TURNS/S",
                        "SLEEPS/S",
                        "STALLS",
                        "FAILURES");
        for (ShardActivity shard : now.shards()) {
            ShardActivity then =
                    before.shards().stream()
                            .filter(other -> other.shard() == shard.shard())
                            .findFirst()
                            .orElse(new ShardActivity(shard.shard(), 0, 0, 0, 0, 0, 0));
            double busy = share(shard.busyNs() - then.busyNs());
            double idle = share(shard.idleNs() - then.idleNs());
            table.add(
                    Integer.toString(shard.shard()),
                    Amount.percent(busy),
                    Amount.percent(idle),
                    Amount.percent(Math.max(0, 1 - busy - idle)),
                    Amount.count(perSecond(shard.turns() - then.turns())),
                    Amount.count(perSecond(shard.sleeps() - then.sleeps())),
                    Amount.count((double) shard.stalls()),
                    Amount.count((double) shard.failures()));
        }
        return table.text().lines().toList();
    }

    private double share(long ns) {
        return Math.clamp((double) ns / elapsedNs, 0, 1);
    }

    private double perSecond(long difference) {
        return Math.max(0, difference) * NS_PER_SECOND / elapsedNs;
    }

    private List<String> devices() {
        TextTable table =
                new TextTable(
                        "DEVICE",
                        "KIND",
                        "FRONT-END",
                        "QUEUES",
                        "OPS/S",
                        "READ/RECEIVE",
                        "WRITE/TRANSMIT",
                        "P50",
                        "P99",
                        "IN-FLIGHT",
                        "FAILED");
        for (DeviceActivity device : now.devices()) {
            DeviceStatus status = device.status();
            ActivityRates rates =
                    ActivityRates.between(
                            earlier(status.device()), device, elapsedNs, now.latencyBoundsNs());
            table.add(
                    Text.oneLine(status.device()),
                    status.kind(),
                    status.connected() ? "connected" : "none",
                    queues(status),
                    Amount.count(rates.operationsPerSecond()),
                    Amount.bytes(rates.toGuestPerSecond()),
                    Amount.bytes(rates.fromGuestPerSecond()),
                    Amount.time(rates.p50Ns()),
                    Amount.time(rates.p99Ns()),
                    Long.toString(status.queues().stream().mapToLong(QueueStatus::inFlight).sum()),
                    Amount.count((double) (device.errors() + device.drops())));
        }
        return table.text().lines().toList();
    }

    private @Nullable DeviceActivity earlier(String name) {
        return before.devices().stream()
                .filter(device -> device.status().device().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** How many queues are in which state; those that nobody uses only when there are no others. */
    private static String queues(DeviceStatus device) {
        List<String> parts = new ArrayList<>();
        for (String state : STATES) {
            long count = device.queues().stream().filter(q -> q.state().equals(state)).count();
            if (count > 0) {
                parts.add(count + " " + state);
            }
        }
        return parts.isEmpty() ? device.queues().size() + " stopped" : String.join(", ", parts);
    }

    private List<String> wrong() {
        List<String> lines = new ArrayList<>(now.failures());
        for (DeviceActivity device : now.devices()) {
            if (device.status().paused()) {
                lines.add(device.status().device() + ": paused by the operator");
            }
            for (QueueStatus queue : device.status().queues()) {
                String what =
                        device.status().device()
                                + ", queue "
                                + queue.queue()
                                + ": "
                                + queue.state();
                if (queue.fault() != null) {
                    lines.add(what + ": " + queue.fault() + " since " + queue.since());
                } else if (queue.state().equals("broken") || queue.state().equals("disabled")) {
                    lines.add(what);
                }
            }
        }
        return lines;
    }
}
