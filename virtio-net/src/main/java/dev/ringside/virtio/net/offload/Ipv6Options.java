package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;

/** The extension headers of an IPv6 packet (RFC 8200, section 4) in a frame's private head. */
final class Ipv6Options {
    static final int FRAGMENT = 44;
    static final int FRAGMENT_HEADER_BYTES = 8;

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int DESTINATION = 60;

    private static final int PAD1 = 0;

    /** RFC 2675. */
    private static final int JUMBO_PAYLOAD = 0xc2;

    /** RFC 6275, section 6.3. */
    private static final int HOME_ADDRESS = 0xc9;

    private static final int ADDRESS_BYTES = 16;

    /** RFC 6275, section 6.4. */
    private static final int ROUTING_TYPE_2 = 2;

    private boolean any;
    private boolean jumbo;
    private boolean fragment;
    private boolean routed;
    private int homeAddress;
    private int routingAddress;
    private int protocol;
    private int end;
    private int fragmentable;
    private int nextHeaderField;

    void clear() {
        any = false;
        jumbo = false;
        fragment = false;
        routed = false;
        homeAddress = 0;
        routingAddress = 0;
        protocol = 0;
        end = 0;
        fragmentable = 0;
        nextHeaderField = 0;
    }

    /** Walks from the IPv6 header, which was pulled, to the first header of another kind. */
    Headers.Problem parse(Frame frame, int network) {
        clear();
        int field = network + 6;
        int at = network + Headers.IPV6_HEADER_BYTES;
        int type = frame.headByte(field);
        protocol = type;
        end = at;
        while (type == HOP_BY_HOP || type == ROUTING || type == DESTINATION || type == FRAGMENT) {
            any = true;
            if (!frame.pull(at + 8)) {
                return Headers.missing(frame, at + 8);
            }
            if (type == DESTINATION && routed) {
                beginFragmentable(at, field);
            }
            if (type == FRAGMENT) {
                fragment = true;
            }
            int length = type == FRAGMENT ? 8 : 8 * (frame.headByte(at + 1) + 1);
            if (!frame.pull(at + length)) {
                return Headers.missing(frame, at + length);
            }
            look(frame, type, at, length);
            field = at;
            type = frame.headByte(at);
            at += length;
            protocol = type;
            end = at;
            if (fragment) {
                // What follows in a later fragment is not a header.
                break;
            }
        }
        beginFragmentable(at, field);
        return Headers.Problem.NONE;
    }

    private void beginFragmentable(int at, int field) {
        if (fragmentable == 0) {
            fragmentable = at;
            nextHeaderField = field;
        }
    }

    private void look(Frame frame, int type, int at, int length) {
        if (type == ROUTING) {
            routed = true;
            if (frame.headByte(at + 2) == ROUTING_TYPE_2 && length >= 8 + ADDRESS_BYTES) {
                routingAddress = at + 8;
            }
        } else if (type == HOP_BY_HOP || type == DESTINATION) {
            lookAtOptions(frame, type, at + 2, at + length);
        }
    }

    private void lookAtOptions(Frame frame, int type, int from, int to) {
        int at = from;
        while (at < to) {
            int option = frame.headByte(at);
            if (option == PAD1) {
                at++;
                continue;
            }
            if (at + 2 > to) {
                return;
            }
            int bytes = frame.headByte(at + 1);
            if (at + 2 + bytes > to) {
                return;
            }
            if (type == HOP_BY_HOP && option == JUMBO_PAYLOAD) {
                jumbo = true;
            } else if (type == DESTINATION && option == HOME_ADDRESS && bytes == ADDRESS_BYTES) {
                homeAddress = at + 2;
            }
            at += 2 + bytes;
        }
    }

    /** Whether there are extension headers. */
    boolean any() {
        return any;
    }

    /** Whether it says that it is longer than 65535 bytes, which no frame here can be. */
    boolean jumbo() {
        return jumbo;
    }

    /** Whether it is a fragment. */
    boolean fragment() {
        return fragment;
    }

    /** Where the home address is; 0: there is none. */
    int homeAddress() {
        return homeAddress;
    }

    /** Where the address of a routing header of type 2 is; 0: there is none. */
    int routingAddress() {
        return routingAddress;
    }

    /** The first header that is not an extension. */
    int protocol() {
        return protocol;
    }

    /** Where the first header begins that is not an extension. */
    int end() {
        return end;
    }

    /** Where a fragment header would go (RFC 8200, section 4.5). */
    int fragmentable() {
        return fragmentable;
    }

    /** Where the byte is that says which header is at {@link #fragmentable}. */
    int nextHeaderField() {
        return nextHeaderField;
    }
}
