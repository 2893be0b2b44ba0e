package dev.ringside.virtqueue;

import dev.ringside.metrics.MetricName;

/** What is counted of a device's translations. */
public enum IotlbCounter implements MetricName {
    /** Pages that were asked for. */
    MISSES("ringside_iotlb_misses_total", "Translations that the front-end was asked for."),
    /** IOTLB_MSG, update. */
    UPDATES("ringside_iotlb_updates_total", "Translations that the front-end gave."),
    /** IOTLB_MSG, invalidate. */
    INVALIDATIONS(
            "ringside_iotlb_invalidations_total", "Ranges of translations that were taken back."),
    /** Accesses that the IOMMU does not allow. */
    ACCESS_FAILURES(
            "ringside_iotlb_access_failures_total",
            "Rings that stopped because the IOMMU does not allow an access."),
    /** The table was full and was emptied. */
    OVERFLOWS(
            "ringside_iotlb_overflows_total",
            "Times that the translations were forgotten because there were too many.");

    private final String metricName;
    private final String help;

    IotlbCounter(String metricName, String help) {
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
