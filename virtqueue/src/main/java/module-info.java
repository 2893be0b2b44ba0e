/** Virtqueues, device side, and the device interface. */
module dev.ringside.virtqueue {
    requires transitive dev.ringside.metrics;
    requires transitive dev.ringside.shm;
    requires static transitive org.jspecify;

    exports dev.ringside.virtqueue;
    exports dev.ringside.virtqueue.device;
}
