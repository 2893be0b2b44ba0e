package dev.ringside.server.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.ringside.server.options.TextTable;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Statistics as tables: one for disks, one for NICs, each only where there is one. */
final class StatsTable {
    private static final String REQUESTS = "ringside_blk_requests_total{operation=\"%s\"}";
    private static final String BLK_BYTES = "ringside_blk_bytes_total{operation=\"%s\"}";
    private static final String BLK_ERRORS = "ringside_blk_errors_total{";
    private static final String DURATION =
            "ringside_blk_request_duration_seconds{operation=\"%s\"}";
    private static final String PACKETS = "ringside_net_packets_total{direction=\"%s\"}";
    private static final String NET_BYTES = "ringside_net_bytes_total{direction=\"%s\"}";
    private static final String DROPS = "ringside_net_drops_total{";
    private static final double NS_PER_S = 1e9;
    private static final double NS_PER_US = 1e3;
    private static final double MIB = 1 << 20;

    private final JsonNode now;
    private final JsonNode before;
    private final double seconds;

    private StatsTable(JsonNode now, JsonNode before) {
        this.now = now;
        this.before = before;
        seconds =
                before.isMissingNode()
                        ? 1
                        : (now.path("atNs").asLong() - before.path("atNs").asLong()) / NS_PER_S;
    }

    /**
     * The tables.
     *
     * @param before null: totals; else what to count from, and everything is for each second
     */
    static String text(JsonNode devices, @Nullable JsonNode before) {
        String each = before == null ? "" : "/s";
        TextTable disks =
                new TextTable(
                        "DISK",
                        "READS" + each,
                        "MiB" + each,
                        "US",
                        "WRITES" + each,
                        "MiB" + each,
                        "US",
                        "FLUSHES" + each,
                        "ERRORS" + each,
                        "IN-FLIGHT");
        TextTable nics =
                new TextTable(
                        "NIC",
                        "SENT" + each,
                        "MiB" + each,
                        "RECEIVED" + each,
                        "MiB" + each,
                        "DROPPED" + each,
                        "IN-FLIGHT");
        boolean anyDisk = false;
        boolean anyNic = false;
        for (JsonNode device : devices) {
            StatsTable row = new StatsTable(device, find(before, device.path("device").asText()));
            if (device.path("kind").asText().equals("disk")) {
                anyDisk = true;
                disks.add(row.disk());
            } else {
                anyNic = true;
                nics.add(row.nic());
            }
        }
        return (anyDisk ? disks.text() : "") + (anyNic ? nics.text() : "");
    }

    private static JsonNode find(@Nullable JsonNode devices, String name) {
        if (devices != null) {
            for (JsonNode device : devices) {
                if (device.path("device").asText().equals(name)) {
                    return device;
                }
            }
        }
        return MissingNode.getInstance();
    }

    private String[] disk() {
        return new String[] {
            now.path("device").asText(),
            rate(REQUESTS.formatted("read")),
            mib(BLK_BYTES.formatted("read")),
            meanUs("read"),
            rate(REQUESTS.formatted("write")),
            mib(BLK_BYTES.formatted("write")),
            meanUs("write"),
            rate(REQUESTS.formatted("flush")),
            sum(BLK_ERRORS),
            inFlight()
        };
    }

    private String[] nic() {
        return new String[] {
            now.path("device").asText(),
            rate(PACKETS.formatted("transmit")),
            mib(NET_BYTES.formatted("transmit")),
            rate(PACKETS.formatted("receive")),
            mib(NET_BYTES.formatted("receive")),
            sum(DROPS),
            inFlight()
        };
    }

    private long counted(String series) {
        return now.path("counters").path(series).asLong()
                - before.path("counters").path(series).asLong();
    }

    private String rate(String series) {
        return Long.toString(Math.round(counted(series) / seconds));
    }

    private String mib(String series) {
        return String.format(Locale.ROOT, "%.1f", counted(series) / seconds / MIB);
    }

    private String sum(String start) {
        long all = 0;
        for (var counter : now.path("counters").properties()) {
            all += counter.getKey().startsWith(start) ? counted(counter.getKey()) : 0;
        }
        return Long.toString(Math.round(all / seconds));
    }

    /** How long a request took on average, in microseconds. */
    private String meanUs(String operation) {
        String series = DURATION.formatted(operation);
        JsonNode durations = now.path("durations").path(series);
        JsonNode earlier = before.path("durations").path(series);
        long count = durations.path("count").asLong() - earlier.path("count").asLong();
        long sumNs = durations.path("sumNs").asLong() - earlier.path("sumNs").asLong();
        return count <= 0
                ? "-"
                : String.format(Locale.ROOT, "%.0f", sumNs / (double) count / NS_PER_US);
    }

    private String inFlight() {
        return now.path("gauges").path("ringside_queue_in_flight").asText("0");
    }
}
