package dev.ringside.virtio.blk.backend;

/** Told about requests that {@link BlockChannel#submit} answered with {@code PENDING}. */
@FunctionalInterface
public interface BlockCompletion {
    /**
     * A request is done; its extents are not touched any more. Called on the shard's thread, from
     * the channel's {@code submit} of a later one, {@code endBurst} or {@code poll}, or from the
     * shard's completion handling; may submit again.
     *
     * @param io the request as it was submitted
     * @param result 0, or the negative error number
     */
    void onComplete(BlockIo io, int result);
}
