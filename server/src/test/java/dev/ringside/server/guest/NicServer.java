package dev.ringside.server.guest;

import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A back-end process that serves the NICs of one or more VMs, with its TAPs in a namespace. */
interface NicServer extends BackEnd {
    /**
     * Starts the back-end under test, or the peer when {@code ringside.guest.peer} says so. Its
     * TAPs are there afterwards, down and without addresses.
     *
     * @param directory for its sockets
     */
    static NicServer start(final NetSpec spec, final Namespace host, final Path directory)
            throws IOException, InterruptedException {
        return BackEnd.isPeer()
                ? PeerNics.start(spec, host)
                : RingsideNics.start(spec, host, directory);
    }

    /**
     * A VM with one NIC more.
     *
     * @param nic its number in the specification
     * @param properties of QEMU's device; may be empty
     */
    QemuOptions attach(QemuOptions options, int nic, String properties);

    /**
     * The sum of the samples of a metric.
     *
     * @param labels a part of what stands between the braces; may be empty
     */
    long metric(String name, String labels) throws IOException, InterruptedException;

    /** What to put before QEMU's command. */
    List<String> launcher();
}
