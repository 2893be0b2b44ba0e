package dev.ringside.virtio.blk.backend;

/** Constants of linux/uio.h that the file backend uses. */
final class FileSpec {
    /** Extents that one vectored call takes (UIO_MAXIOV). */
    static final int IOV_MAX = 1024;

    /** Bytes of a struct iovec: address, then length. */
    static final int IOVEC_BYTES = 16;

    private FileSpec() {}
}
