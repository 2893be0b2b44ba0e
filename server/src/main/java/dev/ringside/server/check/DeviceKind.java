package dev.ringside.server.check;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.VhostUserSpec;

/** What device a back-end serves. */
public enum DeviceKind {
    BLK("a disk"),
    NET("a NIC"),

    /** Neither: its requests are not known here. */
    OTHER("neither a disk nor a NIC");

    private static final long NET_PROTOCOL =
            VhostUserSpec.bits(VhostUserSpec.PROTOCOL_F_RARP, VhostUserSpec.PROTOCOL_F_MTU);

    /** No disk has these, and each NIC known has one of them. */
    private static final long NET_ONLY =
            VhostUserSpec.bits(
                    NetSpec.F_CTRL_RX,
                    NetSpec.F_CTRL_VLAN,
                    NetSpec.F_CTRL_RX_EXTRA,
                    NetSpec.F_GUEST_ANNOUNCE,
                    NetSpec.F_MQ,
                    NetSpec.F_CTRL_MAC_ADDR);

    private static final long BLK_LIKELY = VhostUserSpec.bits(BlkSpec.F_BLK_SIZE, BlkSpec.F_FLUSH);

    private final String text;

    DeviceKind(String text) {
        this.text = text;
    }

    /** Guesses from what a back-end offers: the protocol itself has no word for it. */
    static DeviceKind of(long features, long protocolFeatures) {
        if ((features & NET_ONLY) != 0) {
            return NET;
        }
        boolean config =
                (protocolFeatures & VhostUserSpec.bit(VhostUserSpec.PROTOCOL_F_CONFIG)) != 0;
        if (config && (features & BLK_LIKELY) != 0) {
            return BLK;
        }
        // The last resort: libraries offer these for whatever device is made with them.
        return (protocolFeatures & NET_PROTOCOL) != 0 ? NET : OTHER;
    }

    /** For a sentence. */
    @Override
    public String toString() {
        return text;
    }
}
