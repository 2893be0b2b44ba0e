package dev.ringside.virtio.blk;

import dev.ringside.virtio.blk.backend.BlockTraits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The configuration space (section 5.2.4): what is not offered, and all padding, is zero. */
final class BlkConfigSpace {
    /**
     * Most ranges of a discard, write-zeroes or secure-erase request. Generous, because some
     * front-ends tell their guests numbers of their own.
     */
    static final int MAX_RANGES = 1024;

    private static final long MAX_UINT32 = 0xffff_ffffL;

    private BlkConfigSpace() {}

    /** The whole space as bytes. */
    static byte[] encode(
            BlkConfig config,
            BlockTraits traits,
            long features,
            long capacityBytes,
            boolean writeback) {
        byte[] bytes = new byte[BlkSpec.CONFIG_BYTES];
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(BlkSpec.CONFIG_CAPACITY, capacityBytes >>> BlkSpec.SECTOR_SHIFT);
        out.putInt(BlkSpec.CONFIG_SIZE_MAX, config.sizeMax());
        out.putInt(BlkSpec.CONFIG_SEG_MAX, config.segMax());
        int blocks = traits.physicalBlockSize() / traits.logicalBlockSize();
        out.putInt(BlkSpec.CONFIG_BLK_SIZE, traits.logicalBlockSize());
        out.put(BlkSpec.CONFIG_PHYSICAL_BLOCK_EXP, (byte) Integer.numberOfTrailingZeros(blocks));
        out.putShort(BlkSpec.CONFIG_MIN_IO_SIZE, (short) Math.min(blocks, 0xffff));
        if ((features & BlkSpec.VIRTIO_BLK_F_CONFIG_WCE) != 0) {
            out.put(BlkSpec.CONFIG_WCE, (byte) (writeback ? 1 : 0));
        }
        out.putShort(BlkSpec.CONFIG_NUM_QUEUES, (short) config.queues());
        int alignment = traits.discardGranularity() / BlkSpec.SECTOR_BYTES;
        int aligned = (int) (MAX_UINT32 - MAX_UINT32 % alignment);
        if ((features & BlkSpec.VIRTIO_BLK_F_DISCARD) != 0) {
            out.putInt(BlkSpec.CONFIG_MAX_DISCARD_SECTORS, aligned);
            out.putInt(BlkSpec.CONFIG_MAX_DISCARD_SEG, MAX_RANGES);
            out.putInt(BlkSpec.CONFIG_DISCARD_SECTOR_ALIGNMENT, alignment);
        }
        if ((features & BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES) != 0) {
            out.putInt(BlkSpec.CONFIG_MAX_WRITE_ZEROES_SECTORS, (int) MAX_UINT32);
            out.putInt(BlkSpec.CONFIG_MAX_WRITE_ZEROES_SEG, MAX_RANGES);
            out.put(
                    BlkSpec.CONFIG_WRITE_ZEROES_MAY_UNMAP,
                    (byte) (traits.writeZeroesMayUnmap() ? 1 : 0));
        }
        if ((features & BlkSpec.VIRTIO_BLK_F_SECURE_ERASE) != 0) {
            out.putInt(BlkSpec.CONFIG_MAX_SECURE_ERASE_SECTORS, aligned);
            out.putInt(BlkSpec.CONFIG_MAX_SECURE_ERASE_SEG, MAX_RANGES);
            out.putInt(BlkSpec.CONFIG_SECURE_ERASE_SECTOR_ALIGNMENT, alignment);
        }
        return bytes;
    }
}
