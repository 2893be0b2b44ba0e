package dev.ringside.virtio.net;

/**
 * What workers need to know of their device, as one immutable value: they look at it once per poll.
 *
 * @param features what was negotiated
 * @param link the link
 * @param reception what the driver chose by its control queue
 */
record NetState(long features, NetLink link, Reception reception) {
    /** Before negotiation. */
    static NetState initial(NetLink link) {
        return new NetState(0, link, Reception.initial(0));
    }

    /**
     * The same features change nothing: front-ends send them again when a paused machine goes on,
     * and the driver, who knows nothing of that, does not choose again.
     */
    NetState withFeatures(long value) {
        return value == features ? this : new NetState(value, link, Reception.initial(value));
    }

    NetState withLink(NetLink value) {
        return new NetState(features, value, reception);
    }

    NetState withReception(Reception value) {
        return new NetState(features, link, value);
    }

    boolean has(long bits) {
        return NetFeature.has(features, bits);
    }
}
