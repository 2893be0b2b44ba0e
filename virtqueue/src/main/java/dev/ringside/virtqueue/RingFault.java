package dev.ringside.virtqueue;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/**
 * Why a virtqueue stopped itself. Each is also a counter: {@code
 * ringside_queue_faults_total{reason}}.
 */
public enum RingFault implements MetricName {
    /** More is available than the queue has descriptors that are not in use. */
    AVAILABLE_INDEX("available_index"),
    /**
     * An entry of the available ring names no descriptor of the table; a buffer ID is too large.
     */
    HEAD_INDEX("head_index"),
    /** A head or buffer ID was made available again while the device still holds it. */
    HEAD_IN_FLIGHT("head_in_flight"),
    /** A descriptor's {@code next} names no descriptor of its table. */
    DESCRIPTOR_INDEX("descriptor_index"),
    /** A chain of a packed ring goes on at a descriptor that is not available. */
    DESCRIPTOR_NOT_AVAILABLE("descriptor_not_available"),
    /** A chain visits more descriptors than its table has. */
    DESCRIPTOR_LOOP("descriptor_loop"),
    /** A chain has more descriptors, or more entries after translation, than the device takes. */
    CHAIN_TOO_LONG("chain_too_long"),
    /** A chain holds more than 2^32 bytes. */
    CHAIN_BYTES("chain_bytes"),
    /** A buffer does not lie in guest memory, or its end wraps. */
    BUFFER_UNMAPPED("buffer_unmapped"),
    /** A device-readable descriptor follows a device-writable one. */
    READABLE_AFTER_WRITABLE("readable_after_writable"),
    /** An indirect descriptor without VIRTIO_RING_F_INDIRECT_DESC. */
    INDIRECT_NOT_NEGOTIATED("indirect_not_negotiated"),
    /** An indirect descriptor inside an indirect table. */
    INDIRECT_NESTED("indirect_nested"),
    /** A descriptor with both VIRTQ_DESC_F_INDIRECT and VIRTQ_DESC_F_NEXT. */
    INDIRECT_CHAINED("indirect_chained"),
    /** An indirect table that is empty or whose length is no multiple of 16. */
    INDIRECT_LENGTH("indirect_length"),
    /** An indirect table that does not lie in guest memory, or whose end wraps. */
    INDIRECT_UNMAPPED("indirect_unmapped"),
    /** The in-flight region contradicts itself or the ring. */
    INFLIGHT_REGION("inflight_region"),
    /** The front-end's IOMMU does not allow the access, or knows no such address. */
    ACCESS_DENIED("access_denied"),
    /** The ring itself is no longer in guest memory. */
    MEMORY_GONE("memory_gone"),
    /** A page was written that the front-end's dirty log does not cover. */
    DIRTY_LOG("dirty_log"),
    /** The device gave up on the queue. */
    DEVICE_ERROR("device_error");

    private final String label;

    RingFault(String label) {
        this.label = label;
    }

    /** Short name for metrics and logs. */
    public String label() {
        return label;
    }

    @Override
    public String metricName() {
        return "ringside_queue_faults_total";
    }

    @Override
    public String help() {
        return "Times a virtqueue stopped because of what its driver or memory did.";
    }

    @Override
    public Map<String, String> labels() {
        return Map.of("reason", label);
    }
}
