package dev.ringside.frontend;

/**
 * Numbers of the virtio specification 1.3: sections 2.1 "Device Status Field", 2.7 "Split
 * Virtqueues", 2.8 "Packed Virtqueues", 6 "Reserved Feature Bits".
 */
public final class VirtioSpec {
    /** Section 2.7.5: bytes of a descriptor. */
    public static final int DESCRIPTOR_BYTES = 16;

    /** Section 2.7.5: the chain continues in {@code next}. */
    public static final int DESC_F_NEXT = 1;

    /** Section 2.7.5: the buffer is device-writable. */
    public static final int DESC_F_WRITE = 2;

    /** Section 2.7.5: the buffer holds a table of descriptors. */
    public static final int DESC_F_INDIRECT = 4;

    /** Section 2.7.6: the driver wants no calls (only without EVENT_IDX). */
    public static final int AVAIL_F_NO_INTERRUPT = 1;

    /** Section 2.7.8: the device wants no kicks (only without EVENT_IDX). */
    public static final int USED_F_NO_NOTIFY = 1;

    /** Section 2.8.1: available when it equals the driver's wrap counter. */
    public static final int PACKED_DESC_F_AVAIL = 1 << 7;

    /** Section 2.8.1: used when it equals the device's wrap counter. */
    public static final int PACKED_DESC_F_USED = 1 << 15;

    /** Section 2.8.14: size and alignment of an event suppression structure. */
    public static final int EVENT_BYTES = 4;

    /** Section 2.8.14: notify. */
    public static final int EVENT_FLAGS_ENABLE = 0;

    /** Section 2.8.14: do not notify. */
    public static final int EVENT_FLAGS_DISABLE = 1;

    /** Section 2.8.14: notify for one descriptor (only with EVENT_IDX). */
    public static final int EVENT_FLAGS_DESC = 2;

    /** Section 2.8.14: the flags are two bits. */
    public static final int EVENT_FLAGS_MASK = 3;

    /** Sections 2.7 and 2.8: the largest ring. */
    public static final int MAX_QUEUE_SIZE = 32768;

    public static final int DESCRIPTOR_ALIGNMENT = 16;
    public static final int DRIVER_AREA_ALIGNMENT = 2;
    public static final int DEVICE_AREA_ALIGNMENT = 4;

    public static final int F_NOTIFY_ON_EMPTY = 24;
    public static final int F_ANY_LAYOUT = 27;
    public static final int F_INDIRECT_DESC = 28;
    public static final int F_EVENT_IDX = 29;
    public static final int F_VERSION_1 = 32;
    public static final int F_ACCESS_PLATFORM = 33;
    public static final int F_RING_PACKED = 34;
    public static final int F_IN_ORDER = 35;
    public static final int F_NOTIFICATION_DATA = 38;
    public static final int F_RING_RESET = 40;

    public static final int STATUS_ACKNOWLEDGE = 1;
    public static final int STATUS_DRIVER = 2;
    public static final int STATUS_DRIVER_OK = 4;
    public static final int STATUS_FEATURES_OK = 8;

    private VirtioSpec() {}
}
