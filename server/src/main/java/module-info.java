/** The process: engine, configuration, command line. */
module dev.ringside.server {
    requires HdrHistogram;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires dev.ringside.frontend;
    requires dev.ringside.metrics;
    requires dev.ringside.shm;
    requires dev.ringside.vhostuser;
    requires dev.ringside.virtio.blk;
    requires dev.ringside.virtio.net;
    requires dev.ringside.virtqueue;
    requires info.picocli;
    requires java.management;
    requires jdk.jfr;
    requires jdk.management;
    requires jdk.unsupported;
    requires org.jctools.core.jdk11;
    requires org.tomlj;
    requires static transitive org.jspecify;

    // Records that travel between processes.
    opens dev.ringside.server.control to
            com.fasterxml.jackson.databind;
    opens dev.ringside.server.process to
            com.fasterxml.jackson.databind;
    opens dev.ringside.server.engine to
            com.fasterxml.jackson.databind;
    opens dev.ringside.server.status to
            com.fasterxml.jackson.databind;
    opens dev.ringside.server.upgrade to
            com.fasterxml.jackson.databind;
}
