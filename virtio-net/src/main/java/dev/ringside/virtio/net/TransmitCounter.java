package dev.ringside.virtio.net;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What is counted of a transmitq: from the guest to the port. */
enum TransmitCounter implements MetricName {
    PACKETS(NetFamily.PACKETS, ""),
    BYTES(NetFamily.BYTES, ""),

    SIZE_0(NetFamily.SIZES, NetFamily.sizeLabel(0)),
    SIZE_1(NetFamily.SIZES, NetFamily.sizeLabel(1)),
    SIZE_2(NetFamily.SIZES, NetFamily.sizeLabel(2)),
    SIZE_3(NetFamily.SIZES, NetFamily.sizeLabel(3)),
    SIZE_4(NetFamily.SIZES, NetFamily.sizeLabel(4)),
    SIZE_5(NetFamily.SIZES, NetFamily.sizeLabel(5)),
    SIZE_6(NetFamily.SIZES, NetFamily.sizeLabel(6)),
    SIZE_7(NetFamily.SIZES, NetFamily.sizeLabel(7)),
    SIZE_8(NetFamily.SIZES, NetFamily.sizeLabel(8)),
    SIZE_9(NetFamily.SIZES, NetFamily.sizeLabel(9)),
    SIZE_10(NetFamily.SIZES, NetFamily.sizeLabel(10)),
    SIZE_11(NetFamily.SIZES, NetFamily.sizeLabel(11)),

    /** Shorter than the header and an Ethernet header. */
    TOO_SHORT(NetFamily.DROPS, "too_short"),
    /** Longer than any frame. */
    TOO_LONG(NetFamily.DROPS, "too_long"),
    /** A checksum to compute, without VIRTIO_NET_F_CSUM. */
    CHECKSUM_NOT_NEGOTIATED(NetFamily.DROPS, "checksum_not_negotiated"),
    /** The checksum's start or place is not inside the frame. */
    CHECKSUM_OUTSIDE(NetFamily.DROPS, "checksum_outside"),
    /** A kind of segmentation that does not exist. */
    GSO_UNKNOWN(NetFamily.DROPS, "gso_unknown"),
    /** A kind of segmentation that was not negotiated. */
    GSO_NOT_NEGOTIATED(NetFamily.DROPS, "gso_not_negotiated"),
    /** Segments of zero bytes. */
    GSO_SIZE(NetFamily.DROPS, "gso_size"),
    /** Segmentation without a checksum, or headers longer than the frame. */
    GSO_HEADER(NetFamily.DROPS, "gso_header"),
    /** The ring is disabled. */
    DISABLED(NetFamily.DROPS, "disabled"),
    /** The operator switched the link off. */
    LINK_DOWN(NetFamily.DROPS, "link_down"),
    /** The port dropped it, and counted why. */
    PORT(NetFamily.DROPS, "port"),
    /** The port had no room: the frame was put again later. */
    WAITS(NetFamily.WAITS, "port");

    private static final TransmitCounter[] SIZES = {
        SIZE_0, SIZE_1, SIZE_2, SIZE_3, SIZE_4, SIZE_5, SIZE_6, SIZE_7, SIZE_8, SIZE_9, SIZE_10,
        SIZE_11
    };

    private final NetFamily family;
    private final String value;

    TransmitCounter(NetFamily family, String value) {
        this.family = family;
        this.value = value;
    }

    /** The counter of a bucket of {@link NetFamily#sizeBucket}. */
    static TransmitCounter size(int bucket) {
        return SIZES[bucket];
    }

    @Override
    public String metricName() {
        return family.metricName();
    }

    @Override
    public String help() {
        return family.help();
    }

    @Override
    public Map<String, String> labels() {
        return family.labels("transmit", value);
    }
}
