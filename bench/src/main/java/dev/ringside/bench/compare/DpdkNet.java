package dev.ringside.bench.compare;

import dev.ringside.frontend.Testpmd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** DPDK's net_vhost, one process for all kinds of traffic. */
record DpdkNet(Testpmd testpmd, Path socket) implements NetBackEnd {
    static final String TITLE = "DPDK";

    static DpdkNet start(final Path folder, final int cpu, final boolean hugePages)
            throws IOException {
        final Path socket = folder.resolve("dpdk.sock");
        Files.deleteIfExists(socket);
        return new DpdkNet(Testpmd.start(Testpmd.Setup.backEnd(socket, cpu, hugePages)), socket);
    }

    @Override
    public String title() {
        return TITLE;
    }

    @Override
    public Path ready(final NetCase traffic) throws IOException {
        testpmd.frameBytes(traffic.bytes());
        testpmd.forward(traffic.peerForwarding());
        return socket;
    }

    @Override
    public void rest(final NetCase traffic) throws IOException {
        testpmd.stop();
    }

    @Override
    public long pid(final NetCase traffic) {
        return testpmd.pid();
    }

    @Override
    public void close() throws IOException {
        testpmd.close();
        Files.deleteIfExists(socket);
    }
}
