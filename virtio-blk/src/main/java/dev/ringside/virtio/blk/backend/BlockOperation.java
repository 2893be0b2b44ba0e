package dev.ringside.virtio.blk.backend;

/** What a backend is asked to do. */
public enum BlockOperation {
    /** Fill the extents from the medium. */
    READ,
    /** Write the extents to the medium. */
    WRITE,
    /** Put every write that completed before onto the medium. */
    FLUSH,
    /**
     * The range's content is no longer needed; it may read as anything that was there, or zeroes.
     */
    DISCARD,
    /** The range reads as zeroes from now on. */
    WRITE_ZEROES,
    /** The range's content, and all copies of it, cannot be read any more. */
    SECURE_ERASE
}
