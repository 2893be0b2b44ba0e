package dev.ringside.vhostuser;

import dev.ringside.virtqueue.device.NetControl;
import dev.ringside.virtqueue.device.VirtioDevice;

/** Device features and protocol features: what is offered and what the front-end took. */
final class Negotiation {
    /** Every protocol feature that this back-end really has for any device, and no other. */
    static final long OFFERED_PROTOCOL_FEATURES =
            VhostUserSpec.PROTOCOL_F_MQ
                    | VhostUserSpec.PROTOCOL_F_LOG_SHMFD
                    | VhostUserSpec.PROTOCOL_F_REPLY_ACK
                    | VhostUserSpec.PROTOCOL_F_BACKEND_REQ
                    | VhostUserSpec.PROTOCOL_F_PAGEFAULT
                    | VhostUserSpec.PROTOCOL_F_CONFIG
                    | VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD
                    | VhostUserSpec.PROTOCOL_F_RESET_DEVICE
                    | VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS
                    | VhostUserSpec.PROTOCOL_F_STATUS
                    | VhostUserSpec.PROTOCOL_F_DEVICE_STATE
                    // Allows to stop with requests noted instead of done. What another back-end
                    // left so is done here; nothing is left so here.
                    | VhostUserSpec.PROTOCOL_F_GET_VRING_BASE_INFLIGHT;

    /** Feature bits that are not the device's. */
    private static final long OFFERED_BY_PROTOCOL =
            VhostUserSpec.F_PROTOCOL_FEATURES | VhostUserSpec.F_LOG_ALL;

    /** What it has for network devices beyond that. */
    static final long OFFERED_TO_NETWORKS =
            VhostUserSpec.PROTOCOL_F_MTU | VhostUserSpec.PROTOCOL_F_RARP;

    /**
     * Bits that QEMU passes on from the driver without asking the back-end whether it has them.
     * They bind the transport or the driver, or ask for what every device here does anyway, so they
     * are accepted and dropped.
     */
    private static final long TOLERATED =
            VhostUserSpec.VIRTIO_F_NOTIFY_ON_EMPTY
                    | VhostUserSpec.VIRTIO_F_ANY_LAYOUT
                    | VhostUserSpec.VIRTIO_F_ORDER_PLATFORM
                    | VhostUserSpec.VIRTIO_F_SR_IOV
                    | VhostUserSpec.VIRTIO_F_NOTIFICATION_DATA
                    | VhostUserSpec.VIRTIO_F_RING_RESET;

    private final VirtioDevice device;
    private long features;
    private boolean protocolFeaturesTaken;
    private boolean logsAll;
    private long protocolFeatures;
    private Runnable onFeatures = () -> {};

    Negotiation(VirtioDevice device) {
        this.device = device;
    }

    /** Says what to run whenever the device's features were set, while no ring runs. */
    void onFeatures(Runnable action) {
        onFeatures = action;
    }

    /** The device's negotiated features, without the protocol's bit. */
    long features() {
        return features;
    }

    /** Whether VHOST_USER_F_PROTOCOL_FEATURES was negotiated: else rings are always enabled. */
    boolean protocolFeaturesTaken() {
        return protocolFeaturesTaken;
    }

    /** Whether VHOST_F_LOG_ALL was taken: what goes into buffers is to be logged. */
    boolean logsAll() {
        return logsAll;
    }

    /** Whether a protocol feature was negotiated. */
    boolean has(long protocolFeature) {
        return (protocolFeatures & protocolFeature) != 0;
    }

    /** All that SET_PROTOCOL_FEATURES took. */
    long protocolFeatures() {
        return protocolFeatures;
    }

    /**
     * Goes on with what was negotiated before, by this version or another.
     *
     * @throws ProtocolException when that is not offered any more
     */
    void restore(SavedSession saved) throws ProtocolException {
        requireOffered("device features", saved.features(), device.offeredFeatures());
        requireOffered("protocol features", saved.protocolFeatures(), offeredProtocolFeatures());
        features = saved.features();
        protocolFeatures = saved.protocolFeatures();
        protocolFeaturesTaken = saved.protocolFeaturesTaken();
        logsAll = saved.logging().all();
        device.setFeatures(features);
    }

    private static void requireOffered(String what, long taken, long offered)
            throws ProtocolException {
        long unknown = taken & ~offered;
        if (unknown != 0) {
            throw new ProtocolException(
                    what + " " + hex(unknown) + " are in use, and not offered any more");
        }
    }

    void getFeatures(Answer answer) {
        answer.reply(Replies.u64(device.offeredFeatures() | OFFERED_BY_PROTOCOL));
    }

    void getProtocolFeatures(Answer answer) {
        answer.reply(Replies.u64(offeredProtocolFeatures()));
    }

    private long offeredProtocolFeatures() {
        return OFFERED_PROTOCOL_FEATURES | (device instanceof NetControl ? OFFERED_TO_NETWORKS : 0);
    }

    void setProtocolFeatures(FrontendMessage message, Answer answer) throws ProtocolException {
        long wanted = message.u64();
        refuseUnknown(message, wanted, offeredProtocolFeatures());
        boolean noted = (wanted & VhostUserSpec.PROTOCOL_F_GET_VRING_BASE_INFLIGHT) != 0;
        if (noted && (wanted & VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD) == 0) {
            throw new ProtocolException(
                    message.name()
                            + ": GET_VRING_BASE_INFLIGHT (bit 20) without INFLIGHT_SHMFD (bit 12):"
                            + " there is nowhere to note what is in flight");
        }
        protocolFeatures = wanted;
        answer.done();
    }

    /**
     * Takes the features of SET_FEATURES. When they are others than before, the device gets them,
     * for which no ring may run: they are stopped first. VHOST_F_LOG_ALL is no feature of the
     * device's: rings go on when it comes or goes.
     */
    void setFeatures(FrontendMessage message, Vrings vrings, DirtyLogging logging, Answer answer)
            throws ProtocolException {
        long wanted = message.u64();
        long offered = device.offeredFeatures();
        refuseUnknown(message, wanted, offered | OFFERED_BY_PROTOCOL | TOLERATED);
        protocolFeaturesTaken = (wanted & VhostUserSpec.F_PROTOCOL_FEATURES) != 0;
        boolean loggedAll = logsAll;
        logsAll = (wanted & VhostUserSpec.F_LOG_ALL) != 0;
        long forDevice = wanted & offered;
        if (vrings.anyStarted() && forDevice == features) {
            if (logsAll == loggedAll) {
                finish(vrings, answer);
            } else {
                logging.apply(() -> finish(vrings, answer));
            }
        } else {
            vrings.stopAll(
                    () -> {
                        features = forDevice;
                        device.setFeatures(forDevice);
                        onFeatures.run();
                        finish(vrings, answer);
                    });
        }
    }

    private void finish(Vrings vrings, Answer answer) {
        if (protocolFeaturesTaken) {
            answer.done();
        } else {
            vrings.enableAll(answer::done);
        }
    }

    /** The device was reset: it has no features. The protocol's are the connection's and last. */
    void reset() {
        features = 0;
        logsAll = false;
        onFeatures.run();
    }

    private static void refuseUnknown(FrontendMessage message, long wanted, long known)
            throws ProtocolException {
        long unknown = wanted & ~known;
        if (unknown != 0) {
            throw new ProtocolException(
                    message.name()
                            + ": bits "
                            + hex(unknown)
                            + " of "
                            + hex(wanted)
                            + " were not offered");
        }
    }

    private static String hex(long bits) {
        return "0x" + Long.toHexString(bits);
    }
}
