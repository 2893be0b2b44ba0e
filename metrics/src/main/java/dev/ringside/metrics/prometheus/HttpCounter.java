package dev.ringside.metrics.prometheus;

import dev.ringside.metrics.MetricName;

/** What the endpoint counts about its clients. */
enum HttpCounter implements MetricName {
    CONNECTIONS("ringside_http_connections_total", "Clients of the metrics endpoint."),
    TURNED_AWAY(
            "ringside_http_turned_away_total",
            "Clients of the metrics endpoint that came when there were too many already.");

    private final String metricName;
    private final String help;

    HttpCounter(String metricName, String help) {
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
