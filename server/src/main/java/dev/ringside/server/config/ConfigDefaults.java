package dev.ringside.server.config;

import dev.ringside.server.engine.IdleMode;
import dev.ringside.server.engine.SlowLimits;
import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.ControlOptions;
import dev.ringside.server.options.LogOptions;
import dev.ringside.server.options.MetricsAddress;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.SocketOptions;
import dev.ringside.server.options.ThreadOptions;
import dev.ringside.virtio.blk.ErrorPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What holds where a configuration says nothing. */
public final class ConfigDefaults {
    private ConfigDefaults() {}

    /** The tables with every default written out; one for the process is always there. */
    public static List<ConfigTable> fill(List<ConfigTable> tables) {
        boolean server = tables.stream().anyMatch(table -> table.kind() == ConfigKind.SERVER);
        List<ConfigTable> all = new ArrayList<>();
        if (!server) {
            all.add(new ConfigTable(ConfigKind.SERVER, "", 0, Map.of()));
        }
        all.addAll(tables);
        return all.stream().map(ConfigDefaults::fill).toList();
    }

    private static ConfigTable fill(ConfigTable table) {
        Map<String, String> values = new LinkedHashMap<>(table.values());
        switch (table.kind()) {
            case SERVER -> server(values);
            case DISK -> {
                socket(values);
                queueSize(values);
                values.putIfAbsent(
                        BlkSyntax.NUM_QUEUES, Integer.toString(BlkOptions.DEFAULT_QUEUES));
                values.putIfAbsent(BlkSyntax.ON_ERROR, ErrorPolicy.REPORT.word());
            }
            case NIC -> {
                socket(values);
                queueSize(values);
                values.putIfAbsent(NetSyntax.QUEUE_PAIRS, "1");
            }
            case UPLINK, LIMIT_GROUP -> {}
        }
        return new ConfigTable(table.kind(), table.name(), table.line(), values);
    }

    private static void server(Map<String, String> values) {
        ThreadOptions threads = ThreadOptions.defaults();
        if (!values.containsKey(ServeSyntax.CPU)) {
            values.putIfAbsent(ServeSyntax.SHARDS, Integer.toString(threads.shards()));
        }
        values.putIfAbsent(ServeSyntax.IDLE, threads.idle().text());
        if (values.get(ServeSyntax.IDLE).equals(IdleMode.ADAPTIVE.text())) {
            values.putIfAbsent(ServeSyntax.SPIN_US, Integer.toString(threads.spinUs()));
        }
        values.putIfAbsent(ServeSyntax.QUEUE_BUDGET, Integer.toString(threads.queueBudget()));
        values.putIfAbsent(ServeSyntax.DEVICE_SHARE_US, Integer.toString(threads.deviceShareUs()));
        LogOptions log = LogOptions.defaults();
        values.putIfAbsent(ServeSyntax.LOG_FORMAT, log.format().text());
        values.putIfAbsent(ServeSyntax.LOG_LEVEL, log.level().text());
        values.putIfAbsent(ServeSyntax.SLOW_TURN_MS, Integer.toString(SlowLimits.DEFAULT_TURN_MS));
        values.putIfAbsent(
                ServeSyntax.SLOW_REQUEST_MS, Integer.toString(SlowLimits.DEFAULT_REQUEST_MS));
        if (values.containsKey(ServeSyntax.METRICS_PORT)) {
            values.putIfAbsent(ServeSyntax.METRICS_ADDRESS, MetricsAddress.DEFAULT_HOST);
            values.putIfAbsent(
                    ServeSyntax.METRICS_CLIENTS, Integer.toString(MetricsAddress.DEFAULT_CLIENTS));
        }
        if (values.containsKey(ServeSyntax.CONTROL_SOCKET)) {
            values.putIfAbsent(
                    ServeSyntax.CONTROL_CLIENTS, Integer.toString(ControlOptions.DEFAULT_CLIENTS));
        }
    }

    private static void socket(Map<String, String> values) {
        if (!values.containsKey(ServeSyntax.FD) && !values.containsKey(ServeSyntax.CLIENT)) {
            values.putIfAbsent(
                    ServeSyntax.SOCKET_MODE, SocketOptions.octal(SocketOptions.DEFAULT_MODE));
        }
    }

    private static void queueSize(Map<String, String> values) {
        values.putIfAbsent(
                ServeSyntax.QUEUE_SIZE, Integer.toString(ServeSyntax.DEFAULT_QUEUE_SIZE));
    }
}
