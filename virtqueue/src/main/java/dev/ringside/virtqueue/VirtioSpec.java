package dev.ringside.virtqueue;

/**
 * Feature bits and status bits that all devices share: {@code linux/virtio_config.h} and the two
 * ring features of {@code linux/virtio_ring.h}, as masks (virtio 1.3, sections 2.1 and 6).
 */
public final class VirtioSpec {
    /** Section 2.1: the driver has found the device. */
    public static final int VIRTIO_CONFIG_S_ACKNOWLEDGE = 1;

    /** Section 2.1: the driver knows how to drive it. */
    public static final int VIRTIO_CONFIG_S_DRIVER = 2;

    /** Section 2.1: the driver is ready. */
    public static final int VIRTIO_CONFIG_S_DRIVER_OK = 4;

    /** Section 2.1: feature negotiation is complete. */
    public static final int VIRTIO_CONFIG_S_FEATURES_OK = 8;

    /** Section 2.1: the device cannot go on without a reset. */
    public static final int VIRTIO_CONFIG_S_NEEDS_RESET = 0x40;

    /** Section 2.1: the driver has given up. */
    public static final int VIRTIO_CONFIG_S_FAILED = 0x80;

    /** Section 6.3 (legacy): the device calls when it runs out of buffers. Never offered here. */
    public static final long VIRTIO_F_NOTIFY_ON_EMPTY = 1L << 24;

    /** Section 6.3 (legacy): descriptors may be laid out in any way. */
    public static final long VIRTIO_F_ANY_LAYOUT = 1L << 27;

    /** Section 2.7.5.3: a descriptor may refer to a table of descriptors. */
    public static final long VIRTIO_RING_F_INDIRECT_DESC = 1L << 28;

    /** Sections 2.7.7 and 2.7.8: notification by index instead of by flag. */
    public static final long VIRTIO_RING_F_EVENT_IDX = 1L << 29;

    /** Section 6: complies with this specification, not only with the legacy interface. */
    public static final long VIRTIO_F_VERSION_1 = 1L << 32;

    /** Section 6: device addresses go through an IOMMU. */
    public static final long VIRTIO_F_ACCESS_PLATFORM = 1L << 33;

    /** Section 2.8: packed virtqueues. */
    public static final long VIRTIO_F_RING_PACKED = 1L << 34;

    /** Section 2.7.9: buffers are used in the order in which they were made available. */
    public static final long VIRTIO_F_IN_ORDER = 1L << 35;

    /** Section 6: memory is ordered as the platform describes. */
    public static final long VIRTIO_F_ORDER_PLATFORM = 1L << 36;

    /** Section 6: single-root I/O virtualisation. */
    public static final long VIRTIO_F_SR_IOV = 1L << 37;

    /** Section 6: kicks carry extra data. */
    public static final long VIRTIO_F_NOTIFICATION_DATA = 1L << 38;

    /** Section 2.6.1: one queue can be reset. */
    public static final long VIRTIO_F_RING_RESET = 1L << 40;

    private VirtioSpec() {}
}
