/** vhost-user codec and session state machine. */
module dev.ringside.vhostuser {
    requires transitive dev.ringside.shm;
    requires transitive dev.ringside.virtqueue;
    requires static transitive org.jspecify;

    exports dev.ringside.vhostuser;
}
