package dev.ringside.server.check;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The back-end that is checked: where it listens and what it offers. Every check has connections of
 * its own, one after the other, for there are back-ends that serve one only.
 */
final class Target {
    private final Path socket;
    private final long timeoutMs;
    private final boolean writes;
    private final DeviceKind kind;
    private final long features;
    private final long protocolFeatures;

    private Target(CheckOptions options, long features, long protocolFeatures) {
        this.socket = options.socket();
        this.timeoutMs = options.timeoutMs();
        this.writes = options.writes();
        this.features = features;
        this.protocolFeatures = protocolFeatures;
        DeviceKind given = options.kind();
        this.kind = given == null ? DeviceKind.of(features, protocolFeatures) : given;
    }

    /**
     * Asks a back-end what it offers.
     *
     * @throws IOException when nobody listens, or does not answer GET_FEATURES
     */
    static Target of(CheckOptions options) throws IOException {
        try (FrontendProtocol protocol = connect(options.socket(), options.timeoutMs())) {
            long features = protocol.getFeatures();
            long protocolFeatures = 0;
            if ((features & VhostUserSpec.bit(VhostUserSpec.F_PROTOCOL_FEATURES)) != 0) {
                protocolFeatures = protocol.getProtocolFeatures();
            }
            return new Target(options, features, protocolFeatures);
        }
    }

    private static FrontendProtocol connect(Path socket, long timeoutMs) throws IOException {
        FrontendConnection connection = FrontendConnection.connect(socket, timeoutMs);
        return new FrontendProtocol(connection.timeoutMs(timeoutMs));
    }

    /** A connection on which nothing was said yet. */
    FrontendProtocol connect() throws IOException {
        return connect(socket, timeoutMs);
    }

    /** A session with all protocol features that are offered and known here, and an owner. */
    Session session() throws IOException {
        return Session.open(connect(), this);
    }

    /** A device that was started as {@code setup} says, with a queue for harmless requests. */
    Rig start(Setup setup) throws IOException, InapplicableException {
        needs(setup.packed(), VirtioSpec.F_RING_PACKED, "RING_PACKED");
        needs(setup.inOrder(), VirtioSpec.F_IN_ORDER, "IN_ORDER");
        needs(setup.indirect(), VirtioSpec.F_INDIRECT_DESC, "INDIRECT_DESC");
        if (setup.inflight()) {
            needsProtocol(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD, "INFLIGHT_SHMFD");
        }
        return switch (kind) {
            case BLK -> BlkRig.start(this, setup);
            case NET -> NetRig.start(this, setup);
            case OTHER ->
                    throw new InapplicableException(
                            "it is not known what the device is: say --device=blk or net");
        };
    }

    /** Whether it answers on a new connection. */
    boolean answers() {
        try {
            expectAnswer("");
            return true;
        } catch (UnmetException e) {
            return false;
        }
    }

    /** Asks that it answers on a new connection. */
    void expectAnswer(String when) throws UnmetException {
        try (FrontendProtocol protocol = connect()) {
            protocol.getFeatures();
        } catch (IOException e) {
            throw new UnmetException(when + " it does not answer: " + e.getMessage());
        }
    }

    private void needs(boolean wanted, int feature, String name) throws InapplicableException {
        if (wanted) {
            needs(feature, name);
        }
    }

    /** Asks that a virtio feature is offered. */
    void needs(int feature, String name) throws InapplicableException {
        if (!offers(feature)) {
            throw new InapplicableException(name + " is not offered");
        }
    }

    /** Asks that a protocol feature is offered. */
    void needsProtocol(int feature, String name) throws InapplicableException {
        if (!offersProtocol(feature)) {
            throw new InapplicableException("protocol feature " + name + " is not offered");
        }
    }

    /** Asks that the device is of a kind. */
    void needs(DeviceKind wanted) throws InapplicableException {
        if (kind != wanted) {
            throw new InapplicableException("the device is not " + wanted);
        }
    }

    /** Asks that the operator lets data be destroyed. */
    void needsWrites() throws InapplicableException {
        if (!writes) {
            throw new InapplicableException("it would change the disk: allow it with --writes");
        }
    }

    boolean offers(int feature) {
        return (features & VhostUserSpec.bit(feature)) != 0;
    }

    boolean offersProtocol(int feature) {
        return (protocolFeatures & VhostUserSpec.bit(feature)) != 0;
    }

    /** The features offered. */
    long features() {
        return features;
    }

    /** The protocol features offered. */
    long protocolFeatures() {
        return protocolFeatures;
    }

    /** What device it serves. */
    DeviceKind kind() {
        return kind;
    }

    /** How long anything may take. */
    long timeoutMs() {
        return timeoutMs;
    }
}
