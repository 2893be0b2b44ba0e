package dev.ringside.frontend;

import static dev.ringside.frontend.VhostUserSpec.bit;

import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.util.List;

/**
 * The messages of a start, in the order in which each real front-end sends them (read from their
 * sources; see {@link StartOrder}). Two steps: negotiate, after which features and configuration
 * are known, and activate, after which the rings run.
 */
final class StartSequence {
    private final VirtioDriver driver;
    private final FrontendProtocol protocol;
    private final StartOrder order;
    private final int queues;

    StartSequence(final VirtioDriver driver) {
        this.driver = driver;
        this.protocol = driver.protocol();
        this.order = driver.startOptions().order();
        this.queues = driver.startOptions().queues();
    }

    /** What the negotiation found out. */
    @SuppressWarnings("ArrayRecordComponent")
    record Negotiated(long features, byte[] config) {}

    Negotiated negotiate() throws IOException {
        return switch (order) {
            case QEMU -> negotiateLikeQemu();
            case CLOUD_HYPERVISOR, FIRECRACKER -> negotiateLikeRustVmm();
            case CROSVM -> negotiateLikeCrosvm();
            case LIBBLKIO -> negotiateLikeLibblkio();
            case SPDK -> negotiateLikeSpdk();
        };
    }

    private void protocolFeatures() throws IOException {
        long mask = order.protocolFeatures();
        if (!driver.startOptions().memorySlots()) {
            mask &= ~bit(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS);
        }
        if (!driver.startOptions().inflight()) {
            mask &= ~bit(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD);
        }
        protocol.setProtocolFeatures(protocol.getProtocolFeatures() & mask);
    }

    private long accept(final long offered) {
        return offered & driver.startOptions().features();
    }

    private void requireQueues() throws IOException {
        final int most = protocol.has(VhostUserSpec.PROTOCOL_F_MQ) ? protocol.getQueueNum() : 1;
        if (queues > most) {
            throw new IOException(queues + " queues wanted, but the back-end has " + most);
        }
    }

    private Negotiated negotiateLikeQemu() throws IOException {
        protocol.getFeatures();
        protocolFeatures();
        requireQueues();
        if (protocol.has(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            protocol.getMaxMemSlots();
        }
        if (protocol.has(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)) {
            protocol.tellAndWait(
                    VhostUserSpec.SET_BACKEND_REQ_FD, new byte[0], driver.openBackendChannel());
        }
        protocol.setOwner();
        final long features = accept(protocol.getFeatures());
        try (EventFd masked = EventFd.create();
                EventFd err = EventFd.create()) {
            for (int i = 0; i < queues; i++) {
                protocol.setVringCall(i, masked);
                protocol.setVringErr(i, err);
            }
        }
        return new Negotiated(features, config(0));
    }

    private Negotiated negotiateLikeRustVmm() throws IOException {
        protocol.setOwner();
        final long features = accept(protocol.getFeatures());
        protocolFeatures();
        protocol.needReply(protocol.has(VhostUserSpec.PROTOCOL_F_REPLY_ACK));
        requireQueues();
        return new Negotiated(features, config(1));
    }

    private Negotiated negotiateLikeCrosvm() throws IOException {
        protocol.setOwner();
        final long features = accept(protocol.getFeatures());
        protocolFeatures();
        if (protocol.has(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)) {
            protocol.setBackendRequestFd(driver.openBackendChannel());
        }
        requireQueues();
        return new Negotiated(features, config(0));
    }

    private Negotiated negotiateLikeLibblkio() throws IOException {
        final long features = accept(protocol.getFeatures());
        protocolFeatures();
        protocol.needReply(protocol.has(VhostUserSpec.PROTOCOL_F_REPLY_ACK));
        protocol.setFeatures(features);
        protocol.setOwner();
        requireQueues();
        return new Negotiated(features, config(0));
    }

    private Negotiated negotiateLikeSpdk() throws IOException {
        protocol.setOwner();
        final long features = accept(protocol.getFeatures()) & ~bit(VirtioSpec.F_INDIRECT_DESC);
        protocol.setFeatures(features);
        protocolFeatures();
        requireQueues();
        return new Negotiated(features, config(0));
    }

    private byte[] config(final int flags) throws IOException {
        return protocol.has(VhostUserSpec.PROTOCOL_F_CONFIG)
                ? protocol.getConfig(0, driver.configBytes(order), flags)
                : new byte[0];
    }

    void activate(final List<DriverQueue> rings) throws IOException {
        switch (order) {
            case QEMU -> activateLikeQemu(rings);
            case CLOUD_HYPERVISOR -> activateLikeCloudHypervisor(rings);
            case FIRECRACKER, CROSVM -> activateLikeFirecracker(rings);
            case LIBBLKIO -> activateLikeLibblkio(rings);
            case SPDK -> activateLikeSpdk(rings);
        }
    }

    private void activateLikeQemu(final List<DriverQueue> rings) throws IOException {
        protocol.setFeatures(driver.features());
        driver.shareInflight();
        for (final DriverQueue ring : rings) {
            protocol.setVringCall(ring.layout().index(), ring.callFd());
        }
        protocol.setFeatures(driver.features());
        if (protocol.has(VhostUserSpec.PROTOCOL_F_STATUS)) {
            protocol.setStatus(
                    VirtioSpec.STATUS_ACKNOWLEDGE
                            | VirtioSpec.STATUS_DRIVER
                            | VirtioSpec.STATUS_FEATURES_OK);
        }
        driver.shareMemory();
        for (final DriverQueue ring : rings) {
            restart(ring);
        }
        final boolean before = protocol.needReply(protocol.has(VhostUserSpec.PROTOCOL_F_REPLY_ACK));
        enable(rings);
        protocol.needReply(before);
        if (protocol.has(VhostUserSpec.PROTOCOL_F_STATUS)) {
            protocol.setStatus(protocol.getStatus() | VirtioSpec.STATUS_DRIVER_OK);
        }
    }

    /** Sets up a ring that is stopped. It is enabled as it was. */
    void restart(final DriverQueue ring) throws IOException {
        final int i = ring.layout().index();
        protocol.setVringNum(i, ring.layout().size());
        protocol.setVringBase(i, driver.base(ring));
        protocol.setVringAddr(ring.layout(), driver.memory());
        protocol.setVringKick(i, ring.kickFd());
        protocol.setVringCall(i, ring.callFd());
    }

    private void activateLikeCloudHypervisor(final List<DriverQueue> rings) throws IOException {
        protocol.setFeatures(driver.features());
        protocol.setMemTable(driver.memory().regions());
        for (final DriverQueue ring : rings) {
            protocol.setVringNum(ring.layout().index(), ring.layout().size());
        }
        driver.shareInflight();
        for (final DriverQueue ring : rings) {
            final int i = ring.layout().index();
            protocol.setVringAddr(ring.layout(), driver.memory());
            protocol.setVringBase(i, driver.base(ring));
            protocol.setVringCall(i, ring.callFd());
            protocol.setVringKick(i, ring.kickFd());
        }
        enable(rings);
        if (protocol.has(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)) {
            protocol.setBackendRequestFd(driver.openBackendChannel());
        }
    }

    private void activateLikeFirecracker(final List<DriverQueue> rings) throws IOException {
        protocol.setFeatures(driver.features());
        protocol.setMemTable(driver.memory().regions());
        for (final DriverQueue ring : rings) {
            final int i = ring.layout().index();
            protocol.setVringNum(i, ring.layout().size());
            protocol.setVringAddr(ring.layout(), driver.memory());
            protocol.setVringBase(i, driver.base(ring));
            protocol.setVringCall(i, ring.callFd());
            protocol.setVringKick(i, ring.kickFd());
            protocol.setVringEnable(i, true);
        }
    }

    private void activateLikeLibblkio(final List<DriverQueue> rings) throws IOException {
        driver.shareMemory();
        for (final DriverQueue ring : rings) {
            final int i = ring.layout().index();
            protocol.setVringNum(i, ring.layout().size());
            protocol.setVringBase(i, driver.base(ring));
            protocol.setVringAddr(ring.layout(), driver.memory());
            protocol.setVringKick(i, ring.kickFd());
            protocol.setVringCall(i, ring.callFd());
            protocol.setVringEnable(i, true);
        }
    }

    private void activateLikeSpdk(final List<DriverQueue> rings) throws IOException {
        protocol.setFeatures(driver.features());
        protocol.setMemTable(driver.memory().regions());
        for (final DriverQueue ring : rings) {
            final int i = ring.layout().index();
            protocol.setVringEnable(i, true);
            protocol.setVringCall(i, ring.callFd());
            protocol.setVringNum(i, ring.layout().size());
            protocol.setVringBase(i, driver.base(ring));
            protocol.setVringAddr(ring.layout(), driver.memory());
            protocol.setVringKick(i, ring.kickFd());
        }
        // No acknowledgements without REPLY_ACK: any answer proves that all before it was done.
        protocol.getFeatures();
    }

    private void enable(final List<DriverQueue> rings) throws IOException {
        for (final DriverQueue ring : rings) {
            protocol.setVringEnable(ring.layout().index(), true);
        }
    }
}
