/** virtio-net device, its ports, the switch. */
module dev.ringside.virtio.net {
    requires transitive dev.ringside.metrics;
    requires transitive dev.ringside.shm;
    requires transitive dev.ringside.virtqueue;
    requires static transitive org.jspecify;
    requires org.jctools.core.jdk11;

    exports dev.ringside.virtio.net;
    exports dev.ringside.virtio.net.filter;
    exports dev.ringside.virtio.net.frame;
    exports dev.ringside.virtio.net.l2;
    exports dev.ringside.virtio.net.offload;
    exports dev.ringside.virtio.net.port;
    exports dev.ringside.virtio.net.port.packet;
    exports dev.ringside.virtio.net.port.tap;
    exports dev.ringside.virtio.net.ports;
}
