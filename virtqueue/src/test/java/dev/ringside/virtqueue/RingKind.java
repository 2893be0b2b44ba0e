package dev.ringside.virtqueue;

/** The layouts that a test runs over. */
enum RingKind {
    SPLIT(0),
    PACKED(VirtioSpec.VIRTIO_F_RING_PACKED);

    private final long feature;

    RingKind(long feature) {
        this.feature = feature;
    }

    /** A driver with a new ring at the start of the low region. */
    RingDriver driver(TestMemory memory, int size, long features) {
        return switch (this) {
            case SPLIT -> new NaiveDriver(memory, size, features);
            case PACKED -> new NaivePackedDriver(memory, size, features);
        };
    }

    /**
     * A driver whose ring begins at a position that is soon to wrap.
     *
     * @param before how many descriptors before that, below {@code size}
     */
    RingDriver driverNearWrap(TestMemory memory, int size, long features, int before) {
        return switch (this) {
            case SPLIT -> new NaiveDriver(memory, size, features, 0x10000 - before & 0xffff);
            case PACKED ->
                    new NaivePackedDriver(
                            memory, size, features, size - before % size & 0x7fff, before % 2 == 0);
        };
    }

    /** What negotiates it. */
    long feature() {
        return feature;
    }
}
