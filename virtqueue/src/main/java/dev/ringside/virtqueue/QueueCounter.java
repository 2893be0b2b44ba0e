package dev.ringside.virtqueue;

import dev.ringside.metrics.MetricName;

/** What is counted of each virtqueue. Faults are counted by {@link RingFault}. */
public enum QueueCounter implements MetricName {
    /** Kicks that woke the device's side. */
    KICKS("ringside_queue_kicks_total", "Available-buffer notifications received."),
    /** Calls that were sent. */
    CALLS("ringside_queue_calls_total", "Used-buffer notifications sent."),
    /** Bursts that were published without a call, because the driver wanted none. */
    CALLS_SUPPRESSED(
            "ringside_queue_calls_suppressed_total",
            "Bursts of used buffers for which the driver wanted no notification."),
    /** Chains taken from the ring. */
    CHAINS("ringside_queue_chains_total", "Descriptor chains taken from the ring."),
    /** Chains given back to the driver. What was taken and not given back is in flight. */
    COMPLETED("ringside_queue_completed_total", "Descriptor chains given back to the driver."),
    /** Chains of a back-end before this one that were in flight, by the in-flight region. */
    REPLAYED(
            "ringside_queue_replayed_total",
            "Descriptor chains done again because a back-end had ended with them in flight."),
    /** Chains of a back-end before this one that nobody knows about. */
    UNKNOWN(
            "ringside_queue_unknown_total",
            "Descriptor chains left unanswered at a start, of which nobody knows which they are.");

    private final String metricName;
    private final String help;

    QueueCounter(String metricName, String help) {
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
