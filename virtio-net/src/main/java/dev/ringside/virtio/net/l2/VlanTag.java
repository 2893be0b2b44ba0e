package dev.ringside.virtio.net.l2;

import dev.ringside.virtio.net.frame.Frame;

/**
 * What to do with a frame's VLAN tag at a port where it goes out, as bits: the VLAN, and one of
 * four ways above it.
 */
final class VlanTag {
    static final int BYTES = 4;
    static final int AT = 12;
    static final int TYPE_CUSTOMER = 0x8100;
    static final int TYPE_SERVICE = 0x88a8;
    static final int VLAN_MASK = 0xfff;

    static final int KEEP = 0;
    static final int REMOVE = 1 << 12;
    static final int INSERT = 2 << 12;
    static final int NUMBER = 3 << 12;
    static final int BITS = 14;

    /** Largest csum_start of a virtio-net header (virtio 1.3, section 5.1.6): 16 bits. */
    private static final int MOST_START = 0xffff;

    private static final int WAY = 3 << 12;

    private VlanTag() {}

    static boolean isTag(int etherType) {
        return etherType == TYPE_CUSTOMER || etherType == TYPE_SERVICE;
    }

    /**
     * What a port does with a frame's tag.
     *
     * @param tag as for {@link PortVlans#classify}
     */
    static int action(PortVlans to, int vlan, int tag) {
        if (to.isUntagged(vlan)) {
            return tag == PortVlans.NO_TAG ? KEEP : REMOVE;
        }
        if (tag == PortVlans.NO_TAG) {
            return INSERT | vlan;
        }
        return tag == 0 ? NUMBER | vlan : KEEP;
    }

    /**
     * Does it. The frame's first 14 bytes were pulled, 18 when it has a tag.
     *
     * @return false when the frame has no room for a tag
     */
    static boolean apply(Frame frame, int action) {
        switch (action & WAY) {
            case REMOVE -> frame.remove(AT, BYTES);
            case INSERT -> {
                if (frame.length() + BYTES > Frame.MAX_BYTES
                        || checksumMovesTooFar(frame)
                        || !frame.insert(AT, BYTES)) {
                    return false;
                }
                frame.setHeadShort(AT, TYPE_CUSTOMER);
                frame.setHeadShort(AT + 2, action & VLAN_MASK);
            }
            case NUMBER ->
                    frame.setHeadShort(
                            AT + 2, (frame.headShort(AT + 2) & ~VLAN_MASK) | (action & VLAN_MASK));
            default -> {}
        }
        return true;
    }

    /** Whether the place of its checksum is one that no header can say, with a tag more. */
    private static boolean checksumMovesTooFar(Frame frame) {
        return frame.checksumNeeded() && frame.checksumStart() + BYTES > MOST_START;
    }
}
