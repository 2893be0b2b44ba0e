package dev.ringside.virtio.net.l2;

import java.util.BitSet;
import java.util.stream.Collectors;

/**
 * The VLANs of a switch port (IEEE 802.1Q). An access port belongs to one: its frames have no tag.
 * A trunk belongs to several: frames have the tag of their VLAN, but for those of its native one.
 */
public final class PortVlans {
    /** Of an access port that is given none, and of untagged frames on an uplink. */
    public static final int DEFAULT = 1;

    /** Highest number of a VLAN. */
    public static final int MAX = 4094;

    /** {@link #classify}: the frame has no tag. */
    static final int NO_TAG = -1;

    /** {@link #classify}: a frame of no VLAN of this port. */
    static final int NONE = -1;

    private final boolean access;
    private final int untagged;
    private final long[] tagged;

    private PortVlans(int untagged, boolean access, BitSet tagged) {
        this.access = access;
        this.untagged = untagged;
        this.tagged = new long[(MAX + Long.SIZE) / Long.SIZE];
        tagged.stream().forEach(vlan -> this.tagged[vlan >>> 6] |= 1L << vlan);
    }

    /**
     * A port of one VLAN.
     *
     * @throws IllegalArgumentException when there is no such VLAN
     */
    public static PortVlans access(int vlan) {
        return new PortVlans(check(vlan), true, new BitSet());
    }

    /**
     * A trunk of every VLAN.
     *
     * @param nativeVlan the one of untagged frames; 0: there are none
     */
    public static PortVlans trunkOfAll(int nativeVlan) {
        BitSet all = new BitSet();
        all.set(1, MAX + 1);
        return trunk(all, nativeVlan);
    }

    /**
     * A trunk of some VLANs.
     *
     * @param vlans those of tagged frames
     * @param nativeVlan the one of untagged frames; 0: there are none
     * @throws IllegalArgumentException when there is no such VLAN
     */
    public static PortVlans trunk(BitSet vlans, int nativeVlan) {
        vlans.stream().forEach(PortVlans::check);
        return new PortVlans(nativeVlan == 0 ? NONE : check(nativeVlan), false, vlans);
    }

    private static int check(int vlan) {
        if (vlan < 1 || vlan > MAX) {
            throw new IllegalArgumentException(
                    "VLAN " + vlan + ": must be a number from 1 to " + MAX);
        }
        return vlan;
    }

    /**
     * The VLAN that a frame belongs to that came in here.
     *
     * @param tag its VLAN identifier, 0 when its tag has a priority only, or {@link #NO_TAG}
     * @return it, or {@link #NONE}
     */
    int classify(int tag) {
        if (tag <= 0) {
            return untagged;
        }
        return !access && (tag == untagged || isTagged(tag)) ? tag : NONE;
    }

    /** Whether frames of a VLAN go out here. */
    boolean contains(int vlan) {
        return vlan == untagged || isTagged(vlan);
    }

    /** Whether frames of a VLAN that go out here have no tag. */
    boolean isUntagged(int vlan) {
        return vlan == untagged;
    }

    private boolean isTagged(int vlan) {
        return vlan <= MAX && (tagged[vlan >>> 6] >>> vlan & 1) != 0;
    }

    @Override
    public String toString() {
        if (access) {
            return "VLAN " + untagged;
        }
        BitSet set = BitSet.valueOf(tagged);
        String names =
                set.cardinality() == MAX
                        ? "all VLANs"
                        : "VLANs "
                                + set.stream()
                                        .mapToObj(Integer::toString)
                                        .collect(Collectors.joining("+"));
        return "trunk of " + names + (untagged == NONE ? "" : ", native " + untagged);
    }
}
