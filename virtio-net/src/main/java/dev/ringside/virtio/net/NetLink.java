package dev.ringside.virtio.net;

/**
 * The link as the driver is told of it (section 5.1.4).
 *
 * @param portUp the port has a link
 * @param switchedOn the operator has not pulled the plug
 * @param announce the driver is asked to announce itself
 * @param mac its address, 0: not known
 * @param mtu largest IP packet
 */
record NetLink(boolean portUp, boolean switchedOn, boolean announce, long mac, int mtu) {
    boolean up() {
        return portUp && switchedOn;
    }

    NetLink withPortUp(boolean value) {
        return new NetLink(value, switchedOn, announce, mac, mtu);
    }

    NetLink withSwitchedOn(boolean value) {
        return new NetLink(portUp, value, announce, mac, mtu);
    }

    NetLink withAnnounce(boolean value) {
        return new NetLink(portUp, switchedOn, value, mac, mtu);
    }

    NetLink withMac(long value) {
        return new NetLink(portUp, switchedOn, announce, value, mtu);
    }

    NetLink withMtu(int value) {
        return new NetLink(portUp, switchedOn, announce, mac, value);
    }
}
