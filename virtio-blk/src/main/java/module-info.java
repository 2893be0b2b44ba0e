/** virtio-blk device and its backends. */
module dev.ringside.virtio.blk {
    requires transitive dev.ringside.metrics;
    requires transitive dev.ringside.shm;
    requires transitive dev.ringside.virtqueue;
    requires static transitive org.jspecify;

    exports dev.ringside.virtio.blk;
    exports dev.ringside.virtio.blk.backend;
    exports dev.ringside.virtio.blk.limit;
}
