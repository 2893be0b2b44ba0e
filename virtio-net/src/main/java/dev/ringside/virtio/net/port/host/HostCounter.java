package dev.ringside.virtio.net.port.host;

import dev.ringside.metrics.MetricName;
import dev.ringside.virtio.net.port.PortMetrics;
import java.util.Map;

/** What is counted of each queue pair of a port to an interface of the host. */
public enum HostCounter implements MetricName {
    /** Frames that the host took from the guest. */
    TRANSMITTED(Family.PACKETS, "direction", "transmit"),
    /** Frames that the guest, or what stands for it, took from the host. */
    RECEIVED(Family.PACKETS, "direction", "receive"),
    /** Bytes of them. */
    TRANSMITTED_BYTES(Family.BYTES, "direction", "transmit"),
    /** Bytes of them. */
    RECEIVED_BYTES(Family.BYTES, "direction", "receive"),

    /** EIO, ENETDOWN. */
    DOWN(Family.DROPS, "reason", "interface_down"),
    /** EBADFD, ENXIO, ENODEV, ENOLINK. */
    GONE(Family.DROPS, "reason", "interface_gone"),
    /** ENOBUFS. */
    QUEUE_FULL(Family.DROPS, "reason", "interface_queue_full"),
    /** EMSGSIZE. */
    TOO_LONG(Family.DROPS, "reason", "too_long"),
    /** EINVAL. */
    REFUSED(Family.DROPS, "reason", "refused_by_host"),
    /** Anything else. */
    OTHER_ERROR(Family.DROPS, "reason", "write_error"),

    /** The kernel's header does not fit its frame, or says what is not known. */
    BAD_HEADER(Family.DROPS, "reason", "bad_host_header"),
    /** Whoever it was put to dropped it. */
    SINK(Family.DROPS, "reason", "refused_by_guest"),
    /** The packet socket's ring was full. */
    RING_FULL(Family.DROPS, "reason", "packet_ring_full"),

    /** Failed reads, not counting that there was nothing. */
    READ_ERRORS(Family.READ_ERRORS, "", ""),

    /** Calls of read(2). */
    READS(Family.CALLS, "call", "read"),
    /** Calls of writev(2). */
    WRITES(Family.CALLS, "call", "writev"),

    /** Polls for frames to come. */
    RECEIVE_WAITS(Family.WAITS, "direction", "receive"),
    /** Polls for room. */
    TRANSMIT_WAITS(Family.WAITS, "direction", "transmit");

    private enum Family {
        PACKETS("ringside_net_port_packets_total", "Frames that passed the port."),
        BYTES("ringside_net_port_bytes_total", "Bytes of frames that passed the port."),
        DROPS(PortMetrics.DROPS, PortMetrics.DROPS_HELP),
        READ_ERRORS(
                "ringside_net_port_read_errors_total",
                "Reads from the host's interface that failed."),
        CALLS("ringside_net_port_syscalls_total", "System calls to move frames, by call."),
        WAITS(
                "ringside_net_port_waits_total",
                "How often the port had to wait for the host's interface.");

        private final String metricName;
        private final String help;

        Family(String metricName, String help) {
            this.metricName = metricName;
            this.help = help;
        }
    }

    private final Family family;
    private final String label;
    private final String value;

    HostCounter(Family family, String label, String value) {
        this.family = family;
        this.label = label;
        this.value = value;
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
        return label.isEmpty() ? Map.of() : Map.of(label, value);
    }
}
