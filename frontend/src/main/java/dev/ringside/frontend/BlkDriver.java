package dev.ringside.frontend;

import java.io.IOException;

/**
 * A virtio-blk driver and its VMM in one. Requests go over {@link BlkIo} (one at a time) or {@link
 * BlkLoad} (many).
 */
public final class BlkDriver extends VirtioDriver {
    private static final int QEMU_CONFIG_BYTES = 57;
    private static final int SPDK_CONFIG_BYTES = 256;

    private final BlkOptions options;

    private BlkDriver(
            final FrontendProtocol protocol,
            final FrontendMemory memory,
            final BlkOptions options) {
        super(protocol, memory, options);
        this.options = options;
    }

    /**
     * Starts the device behind a connection; both arguments are owned by the driver from now on.
     *
     * @throws IOException when the back-end refuses, hangs up or does not answer in time
     */
    public static BlkDriver start(
            final FrontendConnection connection,
            final FrontendMemory memory,
            final BlkOptions options)
            throws IOException {
        final BlkDriver driver = new BlkDriver(new FrontendProtocol(connection), memory, options);
        driver.start();
        return driver;
    }

    /** Only negotiates: no memory, no rings. For front-ends that look and leave. */
    public static BlkDriver probe(
            final FrontendConnection connection,
            final FrontendMemory memory,
            final BlkOptions options)
            throws IOException {
        final BlkDriver driver = new BlkDriver(new FrontendProtocol(connection), memory, options);
        driver.probe();
        return driver;
    }

    @Override
    void makeQueues() throws IOException {
        for (int i = 0; i < options.queues(); i++) {
            newQueue(i);
        }
    }

    @Override
    boolean tracksInflight(final StartOrder order) {
        return order == StartOrder.QEMU || order == StartOrder.CLOUD_HYPERVISOR;
    }

    @Override
    int configBytes(final StartOrder order) {
        return switch (order) {
            case QEMU -> QEMU_CONFIG_BYTES;
            case SPDK -> SPDK_CONFIG_BYTES;
            case CLOUD_HYPERVISOR, FIRECRACKER, CROSVM, LIBBLKIO -> BlkSpec.CONFIG_BYTES;
        };
    }

    /** The disk's capacity by the configuration. */
    public long capacityBytes() {
        return config().getLong(BlkSpec.CONFIG_CAPACITY) * BlkSpec.SECTOR_BYTES;
    }

    /** What was asked for. */
    public BlkOptions options() {
        return options;
    }
}
