package dev.ringside.virtio.net;

import java.util.Map;

/** The metrics of a NIC's queues; {@link TransmitCounter} and {@link ReceiveCounter} fill them. */
enum NetFamily {
    PACKETS("ringside_net_packets_total", "", "Frames that passed."),
    BYTES("ringside_net_bytes_total", "", "Bytes of frames that passed, without FCS."),
    SIZES(
            "ringside_net_packets_by_size_total",
            "up_to_bytes",
            "Frames that passed, by length: each is counted once, at the next size up."),
    DROPS("ringside_net_drops_total", "reason", "Frames that did not pass."),
    WAITS(
            "ringside_net_waits_total",
            "for",
            "Times that a frame had to wait: for room in the port, or for receive buffers."),
    BUFFERS("ringside_net_bad_buffers_total", "", "Receive buffers that could hold no frame.");

    /** Buckets of {@link #SIZES}: 64 bytes, then powers of two; the last has no bound. */
    static final int SIZE_BUCKETS = 12;

    private static final int SMALLEST_SHIFT = 6;

    private final String metricName;
    private final String label;
    private final String help;

    NetFamily(String metricName, String label, String help) {
        this.metricName = metricName;
        this.label = label;
        this.help = help;
    }

    String metricName() {
        return metricName;
    }

    String help() {
        return help;
    }

    /** The labels of one series. */
    Map<String, String> labels(String direction, String value) {
        return label.isEmpty()
                ? Map.of("direction", direction)
                : Map.of("direction", direction, label, value);
    }

    /** Which of {@link #SIZES} a frame of so many bytes, at least 1, belongs to. */
    static int sizeBucket(int bytes) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(bytes - 1);
        return Math.clamp(bits - SMALLEST_SHIFT, 0, SIZE_BUCKETS - 1);
    }

    /** The label of a bucket. */
    static String sizeLabel(int bucket) {
        return bucket == SIZE_BUCKETS - 1
                ? "+Inf"
                : Integer.toString(1 << (SMALLEST_SHIFT + bucket));
    }
}
