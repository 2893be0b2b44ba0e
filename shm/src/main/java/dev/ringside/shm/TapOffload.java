package dev.ringside.shm;

/**
 * What a reader of a TAP interface accepts, linux/if_tun.h (TUN_F_...): without a bit the kernel
 * computes checksums, or segments, before it hands over a frame.
 */
public final class TapOffload {
    /** Frames without a computed checksum. */
    public static final int TUN_F_CSUM = 1;

    /** Large TCP segments over IPv4; needs {@link #TUN_F_CSUM}. */
    public static final int TUN_F_TSO4 = 2;

    /** Large TCP segments over IPv6; needs {@link #TUN_F_CSUM}. */
    public static final int TUN_F_TSO6 = 4;

    /** Large TCP segments with ECN bits; needs one of the TSO bits. */
    public static final int TUN_F_TSO_ECN = 8;

    /** Large UDP datagrams to be segmented, over IPv4 (Linux 6.2); only with the next one. */
    public static final int TUN_F_USO4 = 0x20;

    /** Large UDP datagrams to be segmented, over IPv6 (Linux 6.2); only with the one before. */
    public static final int TUN_F_USO6 = 0x40;

    /** Both bits of USO: the kernel has one switch. */
    public static final int USO = TUN_F_USO4 | TUN_F_USO6;

    private TapOffload() {}

    /** The largest part of the bits that the kernel takes together. */
    static int consistent(int bits) {
        if ((bits & TUN_F_CSUM) == 0) {
            return 0;
        }
        int result = bits;
        if ((bits & USO) != USO) {
            result &= ~USO;
        }
        if ((bits & (TUN_F_TSO4 | TUN_F_TSO6)) == 0) {
            result &= ~TUN_F_TSO_ECN;
        }
        return result;
    }
}
