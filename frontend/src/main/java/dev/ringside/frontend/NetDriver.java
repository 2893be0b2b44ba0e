package dev.ringside.frontend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A virtio-net driver and its VMM in one (virtio 1.3 section 5.1). Frames go over {@link NetIo}
 * (one at a time) or {@link NetLoad} (many), commands over {@link ControlQueue}.
 */
public final class NetDriver extends VirtioDriver {
    private final NetOptions options;

    private NetDriver(
            final FrontendProtocol protocol,
            final FrontendMemory memory,
            final NetOptions options) {
        super(protocol, memory, options);
        this.options = options;
    }

    /**
     * Starts the device behind a connection; both arguments are owned by the driver from now on.
     *
     * @throws IOException when the back-end refuses, hangs up or does not answer in time
     */
    public static NetDriver start(
            final FrontendConnection connection,
            final FrontendMemory memory,
            final NetOptions options)
            throws IOException {
        final NetDriver driver = new NetDriver(new FrontendProtocol(connection), memory, options);
        driver.start();
        return driver;
    }

    /** Only negotiates: no memory, no rings. */
    public static NetDriver probe(
            final FrontendConnection connection,
            final FrontendMemory memory,
            final NetOptions options)
            throws IOException {
        final NetDriver driver = new NetDriver(new FrontendProtocol(connection), memory, options);
        driver.probe();
        return driver;
    }

    @Override
    void makeQueues() throws IOException {
        for (int i = 0; i < 2 * options.pairs(); i++) {
            newQueue(i);
        }
        if (has(NetSpec.F_CTRL_VQ)) {
            newQueue(controlQueueIndex());
        }
    }

    // Section 5.1.2: behind the last pair that the device could have, used or not.
    private int controlQueueIndex() {
        if (!has(NetSpec.F_MQ) && !has(NetSpec.F_RSS)) {
            return 2;
        }
        final ByteBuffer space = config();
        return 2
                * (space.capacity() < NetSpec.CONFIG_MTU
                        ? options.pairs()
                        : space.getShort(NetSpec.CONFIG_MAX_VIRTQUEUE_PAIRS) & 0xffff);
    }

    /** QEMU does so for disks only. */
    @Override
    boolean tracksInflight(final StartOrder order) {
        return order == StartOrder.CLOUD_HYPERVISOR;
    }

    @Override
    int configBytes(final StartOrder order) {
        return NetSpec.CONFIG_BYTES;
    }

    /**
     * Stops every ring, empties all of them and starts them again: what was in flight is forgotten,
     * posted receive buffers too.
     */
    public void restart() throws IOException {
        stop();
        resetQueues();
        activate();
    }

    /** Bytes of the header before each frame, by the negotiated features (section 5.1.6). */
    public int headerBytes() {
        if (has(NetSpec.F_HASH_REPORT)) {
            return NetSpec.HEADER_BYTES_HASH;
        }
        return has(VirtioSpec.F_VERSION_1) || has(NetSpec.F_MRG_RXBUF)
                ? NetSpec.HEADER_BYTES
                : NetSpec.HEADER_BYTES_LEGACY;
    }

    /** How many pairs there are. */
    public int pairs() {
        return options.pairs();
    }

    /** The queue from which a pair receives. */
    public DriverQueue receiveq(final int pair) {
        return queue(2 * pair);
    }

    /** The queue on which a pair sends. */
    public DriverQueue transmitq(final int pair) {
        return queue(2 * pair + 1);
    }

    /**
     * The control queue; give it to a {@link ControlQueue}.
     *
     * @throws IllegalStateException when CTRL_VQ was not negotiated
     */
    public DriverQueue controlq() {
        if (!has(NetSpec.F_CTRL_VQ)) {
            throw new IllegalStateException("CTRL_VQ was not negotiated");
        }
        return queues().getLast();
    }

    /** The MAC address by the configuration. */
    public byte[] mac() {
        final byte[] mac = new byte[NetSpec.MAC_BYTES];
        config().get(NetSpec.CONFIG_MAC, mac);
        return Arrays.copyOf(mac, mac.length);
    }

    /** Whether the link is up: by the status field, or because there is none. */
    public boolean linkUp() {
        return !has(NetSpec.F_STATUS)
                || (config().getShort(NetSpec.CONFIG_STATUS) & NetSpec.S_LINK_UP) != 0;
    }

    /** What was asked for. */
    public NetOptions options() {
        return options;
    }
}
