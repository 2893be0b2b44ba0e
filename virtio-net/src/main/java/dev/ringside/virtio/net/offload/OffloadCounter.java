package dev.ringside.virtio.net.offload;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What is counted where offloads are done in software. */
public enum OffloadCounter implements MetricName {
    /** Checksums computed, those of segments too. */
    CHECKSUMS(Family.CHECKSUMS, ""),
    /** Frames that were cut. */
    SEGMENTED(Family.FRAMES, ""),
    /** What came of them. */
    SEGMENTS(Family.SEGMENTS, ""),

    /** It is not of the protocol that it is to be segmented as. */
    WRONG_PROTOCOL(Family.DROPS, "wrong_protocol"),
    /** It ends within its headers. */
    TRUNCATED(Family.DROPS, "truncated"),
    /** Its headers are longer than what can be pulled. */
    LONG_HEADERS(Family.DROPS, "long_headers"),
    /** A header contradicts itself. */
    MALFORMED(Family.DROPS, "malformed"),
    /** It is an IP fragment already. */
    FRAGMENT(Family.DROPS, "fragment"),
    /** It is an IPv6 jumbogram. */
    JUMBO(Family.DROPS, "jumbo"),
    /** Segments of no bytes. */
    SEGMENT_SIZE(Family.DROPS, "segment_size"),
    /** More segments than one frame may become. */
    TOO_MANY_SEGMENTS(Family.DROPS, "too_many_segments"),
    /** A packet would be longer than IP's length field can say. */
    TOO_LONG(Family.DROPS, "too_long"),
    /** The checksum's place is not that of the protocol, not in the frame, or too far behind. */
    CHECKSUM_PLACE(Family.DROPS, "checksum_place"),
    /** The rest of a frame did not come again: another one came, or the sink was closed. */
    ABANDONED(Family.DROPS, "abandoned");

    private enum Family {
        CHECKSUMS(
                "ringside_net_software_checksums_total",
                "Checksums computed in software, those of segments too."),
        FRAMES("ringside_net_software_segmented_total", "Frames cut into segments in software."),
        SEGMENTS("ringside_net_software_segments_total", "Segments that frames were cut into."),
        DROPS(
                "ringside_net_offload_drops_total",
                "Frames whose checksum or segmentation could not be done, by reason.");

        private final String metricName;
        private final String help;

        Family(String metricName, String help) {
            this.metricName = metricName;
            this.help = help;
        }
    }

    private final Family family;
    private final String reason;

    OffloadCounter(Family family, String reason) {
        this.family = family;
        this.reason = reason;
    }

    /** Whether it counts frames that were dropped. */
    public boolean isDrop() {
        return family == Family.DROPS;
    }

    @Override
    public String metricName() {
        return family.metricName;
    }

    @Override
    public String help() {
        return family.help;
    }

    @Override
    public Map<String, String> labels() {
        return reason.isEmpty() ? Map.of() : Map.of("reason", reason);
    }
}
