package dev.ringside.virtio.net;

/**
 * What workers need to know of their device, as one immutable value: they look at it once per poll.
 *
 * @param features what was negotiated
 * @param link the link
 * @param guestOffloads GUEST_ feature bits that are in force: negotiated, until the driver chooses
 */
record NetState(long features, NetLink link, long guestOffloads) {
    /** Before negotiation. */
    NetState(NetLink link) {
        this(0, link, 0);
    }

    NetState withFeatures(long value) {
        return new NetState(value, link, value);
    }

    NetState withLink(NetLink value) {
        return new NetState(features, value, guestOffloads);
    }

    boolean has(long bits) {
        return NetFeature.has(features, bits);
    }
}
