package dev.ringside.frontend;

import static dev.ringside.frontend.VhostUserSpec.bit;

/**
 * The front-ends whose start sequence {@link VirtioDriver} can reproduce: which protocol features
 * each accepts, and the order of its messages in {@link StartSequence}.
 */
public enum StartOrder {
    /** QEMU's vhost-user devices: accept every protocol feature QEMU knows. */
    QEMU(
            bit(VhostUserSpec.PROTOCOL_F_MQ)
                    | bit(VhostUserSpec.PROTOCOL_F_LOG_SHMFD)
                    | bit(VhostUserSpec.PROTOCOL_F_DEVICE_STATE)
                    | bit(VhostUserSpec.PROTOCOL_F_RARP)
                    | bit(VhostUserSpec.PROTOCOL_F_REPLY_ACK)
                    | bit(VhostUserSpec.PROTOCOL_F_MTU)
                    | bit(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)
                    | bit(VhostUserSpec.PROTOCOL_F_CONFIG)
                    | bit(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD)
                    | bit(VhostUserSpec.PROTOCOL_F_RESET_DEVICE)
                    | bit(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)
                    | bit(VhostUserSpec.PROTOCOL_F_STATUS)),

    /** cloud-hypervisor: wants an acknowledgement of everything, knows no memory slots here. */
    CLOUD_HYPERVISOR(
            bit(VhostUserSpec.PROTOCOL_F_MQ)
                    | bit(VhostUserSpec.PROTOCOL_F_LOG_SHMFD)
                    | bit(VhostUserSpec.PROTOCOL_F_DEVICE_STATE)
                    | bit(VhostUserSpec.PROTOCOL_F_REPLY_ACK)
                    | bit(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)
                    | bit(VhostUserSpec.PROTOCOL_F_CONFIG)
                    | bit(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD)
                    | bit(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)),

    /** Firecracker: CONFIG only, nothing acknowledged. */
    FIRECRACKER(bit(VhostUserSpec.PROTOCOL_F_CONFIG)),

    /** crosvm: negotiates REPLY_ACK for the back-end's own messages only. */
    CROSVM(
            bit(VhostUserSpec.PROTOCOL_F_MQ)
                    | bit(VhostUserSpec.PROTOCOL_F_REPLY_ACK)
                    | bit(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)
                    | bit(VhostUserSpec.PROTOCOL_F_CONFIG)),

    /** libblkio: memory by slots. */
    LIBBLKIO(
            bit(VhostUserSpec.PROTOCOL_F_MQ)
                    | bit(VhostUserSpec.PROTOCOL_F_REPLY_ACK)
                    | bit(VhostUserSpec.PROTOCOL_F_CONFIG)
                    | bit(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)),

    /** SPDK's initiator: features before protocol features, enable before the rest of a ring. */
    SPDK(bit(VhostUserSpec.PROTOCOL_F_MQ) | bit(VhostUserSpec.PROTOCOL_F_CONFIG));

    private final long protocolFeatures;

    StartOrder(final long protocolFeatures) {
        this.protocolFeatures = protocolFeatures;
    }

    /** The protocol features that this front-end accepts. */
    public long protocolFeatures() {
        return protocolFeatures;
    }
}
