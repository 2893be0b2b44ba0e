package dev.ringside.virtio.net.frame;

/**
 * What may be left undone on a frame, as bits: a frame has those that it needs, a sink those that
 * it accepts (virtio 1.3, section 5.1.3.1; the names are the features' without their direction).
 */
public final class Offload {
    /** The checksum at {@link Frame#checksumStart} is to be computed. */
    public static final int CSUM = 1;

    /** TCP over IPv4 is to be segmented. */
    public static final int TSO4 = 1 << 1;

    /** TCP over IPv6 is to be segmented. */
    public static final int TSO6 = 1 << 2;

    /** TCP that is to be segmented carries ECN. Needed together with a TSO bit. */
    public static final int ECN = 1 << 3;

    /** UDP is to be fragmented by IP. */
    public static final int UFO = 1 << 4;

    /** UDP over IPv4 is to be segmented into datagrams. */
    public static final int USO4 = 1 << 5;

    /** UDP over IPv6 is to be segmented into datagrams. */
    public static final int USO6 = 1 << 6;

    /** Nothing may be left undone. */
    public static final int NONE = 0;

    /** Everything may be left undone. */
    public static final int ALL = (1 << 7) - 1;

    private Offload() {}
}
