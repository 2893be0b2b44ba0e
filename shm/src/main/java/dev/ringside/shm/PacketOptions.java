package dev.ringside.shm;

/**
 * How a packet socket shall be.
 *
 * @param vnetHeader frames come and go with a virtio_net_hdr: large segments and checksums not yet
 *     computed pass; without, the kernel gives large segments all the same, and they are lost
 * @param promiscuous the interface shall hear frames for any MAC address
 * @param qdiscBypass what is sent goes past the interface's queueing discipline
 * @param retireMs so long a block of the ring waits for more frames, milliseconds from 1: what the
 *     socket adds to a frame's latency at most
 * @param blockBytes size of a block, a power of two from 128 KiB: a frame of 64 KiB fits
 * @param blockCount how many blocks there are: together what the socket holds for a slow reader
 */
public record PacketOptions(
        boolean vnetHeader,
        boolean promiscuous,
        boolean qdiscBypass,
        int retireMs,
        int blockBytes,
        int blockCount) {
    /** The smallest block that holds every frame. */
    public static final int MIN_BLOCK_BYTES = 1 << 17;

    private static final int MAX_BLOCK_BYTES = 1 << 22;
    private static final int MAX_RING_BYTES = 1 << 30;
    private static final int MAX_RETIRE_MS = 1000;

    /** What suits a port: headers, promiscuous, 1 ms, 64 blocks of 128 KiB. */
    public static final PacketOptions DEFAULT =
            new PacketOptions(true, true, false, 1, MIN_BLOCK_BYTES, 64);

    /** Checks the ranges. */
    public PacketOptions {
        if (retireMs < 1 || retireMs > MAX_RETIRE_MS) {
            throw new IllegalArgumentException(
                    "a block waits 1 to " + MAX_RETIRE_MS + " ms, not " + retireMs);
        }
        if (Integer.bitCount(blockBytes) != 1
                || blockBytes < MIN_BLOCK_BYTES
                || blockBytes > MAX_BLOCK_BYTES) {
            throw new IllegalArgumentException(
                    "a block has a power of two of bytes from "
                            + MIN_BLOCK_BYTES
                            + " to "
                            + MAX_BLOCK_BYTES
                            + ", not "
                            + blockBytes);
        }
        if (blockCount < 2 || blockCount > MAX_RING_BYTES / blockBytes) {
            throw new IllegalArgumentException(
                    "a ring of " + blockCount + " blocks: 2 blocks to 1 GiB in all");
        }
    }

    /** The ring's size in bytes. */
    public int ringBytes() {
        return blockBytes * blockCount;
    }
}
