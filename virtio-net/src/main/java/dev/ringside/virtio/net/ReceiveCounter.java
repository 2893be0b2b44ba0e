package dev.ringside.virtio.net;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What is counted of a receiveq: from the port to the guest. */
enum ReceiveCounter implements MetricName {
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

    /** The ring is disabled, stopped, broken or about to stop. */
    CLOSED(NetFamily.DROPS, "disabled"),
    /** The operator switched the link off. */
    LINK_DOWN(NetFamily.DROPS, "link_down"),
    /** Longer than the MTU that the driver was told. */
    TOO_LONG(NetFamily.DROPS, "too_long"),
    /** The driver does not want its address or VLAN. */
    FILTERED(NetFamily.DROPS, "filtered"),
    /** The queue that its hash leads to did not take it in time, or has no room for it. */
    STEERING(NetFamily.DROPS, "steering"),
    /** Longer than the next receive buffer, and buffers are not mergeable. */
    BUFFER_TOO_SMALL(NetFamily.DROPS, "buffer_too_small"),
    /** Longer than all receive buffers that the ring can hold. */
    BUFFERS_TOO_MANY(NetFamily.DROPS, "buffers_too_many"),
    /** The driver had not enough receive buffers: the frame was put again later. */
    WAITS(NetFamily.WAITS, "buffers"),
    /** A receive buffer without room for the header: it was given back empty. */
    BAD_BUFFERS(NetFamily.BUFFERS, "");

    private static final ReceiveCounter[] SIZES = {
        SIZE_0, SIZE_1, SIZE_2, SIZE_3, SIZE_4, SIZE_5, SIZE_6, SIZE_7, SIZE_8, SIZE_9, SIZE_10,
        SIZE_11
    };

    private final NetFamily family;
    private final String value;

    ReceiveCounter(NetFamily family, String value) {
        this.family = family;
        this.value = value;
    }

    /** The counter of a bucket of {@link NetFamily#sizeBucket}. */
    static ReceiveCounter size(int bucket) {
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
        return family.labels("receive", value);
    }
}
