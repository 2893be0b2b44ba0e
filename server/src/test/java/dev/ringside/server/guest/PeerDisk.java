package dev.ringside.server.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** qemu-storage-daemon, to tell a fault of a test from a fault of Ringside. */
record PeerDisk(Process process, Path socket) implements DiskServer {
    static PeerDisk start(final DiskSpec spec, final Path socket) throws IOException {
        Files.deleteIfExists(socket);
        final Process process =
                new ProcessBuilder(
                                "qemu-storage-daemon",
                                "--blockdev",
                                "driver=file,node-name=disk,filename="
                                        + spec.image()
                                        + ",discard=unmap,cache.direct=on,aio=io_uring"
                                        + (spec.readOnly() ? ",read-only=on" : ""),
                                "--export",
                                "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix"
                                        + ",addr.path="
                                        + socket
                                        + (spec.readOnly() ? "" : ",writable=on")
                                        + ",num-queues="
                                        + spec.queues())
                        .inheritIO()
                        .start();
        while (!Files.exists(socket) && process.isAlive()) {
            Thread.onSpinWait();
        }
        return new PeerDisk(process, socket);
    }

    @Override
    public int terminate() throws InterruptedException {
        process.destroy();
        return process.waitFor();
    }

    @Override
    public String messages() {
        return "(qemu-storage-daemon)";
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
