/** vhost-user front-end and virtqueue driver, written from the specification. */
module dev.ringside.frontend {
    requires transitive dev.ringside.shm;
    requires static transitive org.jspecify;

    exports dev.ringside.frontend;
}
