package dev.ringside.virtio.blk;

import dev.ringside.virtio.blk.backend.BlockTraits;
import dev.ringside.virtqueue.VirtioSpec;

/** Which features a disk offers, and what follows from the negotiated ones. */
final class BlkFeature {
    private static final long ALWAYS =
            VirtioSpec.VIRTIO_F_VERSION_1
                    | VirtioSpec.VIRTIO_F_ANY_LAYOUT
                    | VirtioSpec.VIRTIO_F_ACCESS_PLATFORM
                    | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC
                    | VirtioSpec.VIRTIO_RING_F_EVENT_IDX
                    | VirtioSpec.VIRTIO_F_RING_PACKED
                    | BlkSpec.VIRTIO_BLK_F_SEG_MAX
                    | BlkSpec.VIRTIO_BLK_F_BLK_SIZE
                    | BlkSpec.VIRTIO_BLK_F_TOPOLOGY;

    private static final long WRITE_CACHE =
            BlkSpec.VIRTIO_BLK_F_FLUSH | BlkSpec.VIRTIO_BLK_F_CONFIG_WCE;

    private BlkFeature() {}

    /** All features that this disk can honour. */
    static long offered(BlkConfig config, BlockTraits traits, boolean lifetime) {
        boolean writable = !config.readOnly() && !traits.readOnly();
        return ALWAYS
                | when(config.sizeMax() > 0, BlkSpec.VIRTIO_BLK_F_SIZE_MAX)
                | when(!writable, BlkSpec.VIRTIO_BLK_F_RO)
                | when(config.queues() > 1, BlkSpec.VIRTIO_BLK_F_MQ)
                | when(writable && config.writeCache() && !traits.writeThrough(), WRITE_CACHE)
                | when(writable && traits.discard(), BlkSpec.VIRTIO_BLK_F_DISCARD)
                | when(writable && traits.writeZeroes(), BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES)
                | when(writable && traits.secureErase(), BlkSpec.VIRTIO_BLK_F_SECURE_ERASE)
                | when(lifetime, BlkSpec.VIRTIO_BLK_F_LIFETIME)
                | when(traits.inOrder(), VirtioSpec.VIRTIO_F_IN_ORDER);
    }

    private static long when(boolean condition, long bits) {
        return condition ? bits : 0;
    }

    /**
     * True when a write may complete only once it is on the medium (section 5.2.6.2): the driver
     * does not flush, or has switched the write cache off.
     */
    static boolean durableWrites(long negotiated, boolean writeback) {
        if ((negotiated & BlkSpec.VIRTIO_BLK_F_FLUSH) == 0) {
            return true;
        }
        return (negotiated & BlkSpec.VIRTIO_BLK_F_CONFIG_WCE) != 0 && !writeback;
    }
}
